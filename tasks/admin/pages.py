"""All our pages, in the order in which addresses are matched."""

from tasks.admin import actions, editing, editor, new_task, operations, resolving, task_list, task_page, templates
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
    templates.Templates,
    templates.OneTemplate,
    templates.SwitchTemplate,
    templates.Reload,
    actions.Actions,
    actions.OneAction,
    actions.OneFunction,
    editor.Editor,
    editor.Known,
    editor.Check,
    editor.TryOut,
    editor.Save,
    operations.Operations,
    operations.Operate,
)
