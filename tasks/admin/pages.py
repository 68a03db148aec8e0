"""All our pages, in the order in which addresses are matched."""

from tasks.admin import editing, new_task, resolving, task_list, task_page
from tasks.admin.page import Page

PAGES: tuple[type[Page], ...] = (
    task_list.Tasks,
    task_list.Bulk,
    new_task.Gallery,
    new_task.New,
    task_page.OneTask,
    task_page.Do,
    task_page.StepDo,
    task_page.CommentDo,
    resolving.Resolve,
    resolving.AnswerCallback,
    editing.EditTask,
    editing.EditRun,
)
