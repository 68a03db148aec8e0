"""The head of a batch's list: how far it is, for whom, at what cost."""

import re
import uuid

import pytest

from tasks.models import Batch, Step, Task
from tasks.services import permissions, resolutions, tasks
from tasks.services.creation import NewTask
from tests.questions import asked


@pytest.fixture
def batch(acting):
    """A batch of the template ``owned``, asked for by ``req``; watched by a group where it is told."""

    def made(number: int, *, by: str = "req", new: NewTask | None = None) -> Batch:
        inputs = [{"id": str(at)} for at in range(number)]
        return tasks.create_batch(acting(by), "owned", inputs, common={}, new=new or NewTask())

    return made


def head(page: str) -> str:
    return page[page.index('id="batch"') :].partition("</section>")[0]


def counts(page: str) -> dict[str, int]:
    """State -> number, as the pills tell it, in their order."""
    pills = re.findall(r'state=([A-Z]+)"[^>]*><span class="state[^>]*>.*?class="note">(\d+)<', head(page))
    return {state: int(number) for state, number in pills}


def test_states_are_counted_worst_first_and_lead_to_their_tasks(visit, batch):
    made = batch(7)
    states = ["DONE", "DONE", "RUNNING", "BLOCKED", "WONTFIX", "TODO", "TODO"]
    for task, state in zip(made.tasks.order_by("id"), states, strict=True):
        Task.objects.filter(pk=task.pk).update(state=state)
    visitor = visit("adm")
    page = visitor.get(f"tasks/?batch={made.public_id}")
    assert list(counts(page).items()) == [("BLOCKED", 1), ("DONE", 2), ("WONTFIX", 1), ("RUNNING", 1), ("TODO", 2)]
    assert "3 of 7 over" in head(page)
    assert 'aria-label="Tasks of the batch by state: 1 BLOCKED, 2 DONE, 1 WONTFIX, 1 RUNNING, 2 TODO"' in head(page)
    link = re.search(r'href="(\?[^"]*state=BLOCKED)"', head(page)).group(1)
    narrowed = visitor.get(f"tasks/{link}")
    assert narrowed.count('name="task"') == 1
    # The head is about the whole batch, whatever the list below is narrowed to.
    assert counts(narrowed) == counts(page)
    assert re.search(r'state=BLOCKED" aria-current="page"', head(narrowed))


def test_a_list_that_is_of_no_batch_has_no_such_head(visit, batch):
    batch(1)
    assert 'id="batch"' not in visit("adm").get("tasks/")


def test_only_what_somebody_may_see_is_counted_and_he_is_told_so(visit, batch, make):
    made = batch(3)
    mine = make("dummy", by="str")
    Task.objects.filter(pk=mine.pk).update(batch=made, state="DONE")
    path = f"tasks/?batch={made.public_id}"
    assert counts(visit("adm").get(path)) == {"DONE": 1, "TODO": 3}
    for name in ("req", "own", "ogr"):
        assert counts(visit(name).get(path)) == {"TODO": 3}, name
    page = visit("str").get(path)
    assert counts(page) == {"DONE": 1}
    assert "1 of 1 over" in head(page)
    assert "Only tasks that you may see are counted." in head(page)
    assert "Only tasks" not in head(visit("adm").get(path))
    assert "no task of it is here" in head(visit("wat").get(path))


def test_each_task_is_counted_once_however_many_ways_it_concerns_somebody(visit, batch):
    made = batch(2, by="own", new=NewTask(watcher_usernames=["own"], watcher_groups=["owners"]))
    assert counts(visit("own").get(f"tasks/?batch={made.public_id}")) == {"TODO": 2}


def test_an_administrator_is_told_how_many_were_deleted(visit, batch, acting):
    made = batch(3)
    tasks.delete_task(acting("adm"), made.tasks.first().public_id)
    path = f"tasks/?batch={made.public_id}"
    assert "1 of its tasks was deleted since" in head(visit("adm").get(path))
    assert "deleted" not in head(visit("req").get(path))


def test_the_step_that_makes_a_batch_is_shown_to_those_who_may_read_its_task(visit, batch, make, acting):
    made, parent = batch(1), make("dummy", by="str", id="the maker")
    resolution = resolutions.create_resolution(acting("adm"), parent.public_id, {})
    Step.objects.create(
        resolution=resolution, resolution_key=resolution.public_id, name="step", state="WAITING", link=made.public_id
    )
    Batch.objects.filter(pk=made.pk).update(parent=resolution, parent_step="step")
    path = f"tasks/?batch={made.public_id}"
    seen = head(visit("adm").get(path))
    assert f'href="/admin/tasks/{parent.public_id}/?step=step">dummy the maker</a>' in seen
    assert "WAITING" in seen
    # And from there one comes back.
    panel = visit("adm").get(f"tasks/{parent.public_id}/?step=step").partition('id="panel"')[2]
    assert f'batch={made.public_id}">To the batch it makes</a>' in panel
    hidden = head(visit("req").get(path))
    assert "the maker" not in hidden
    assert str(parent.public_id) not in hidden


def test_a_batch_that_is_not_there_is_said_to_be_unknown(visit, make):
    make("dummy")
    assert "no such batch" in visit("adm").get(f"tasks/?batch={uuid.uuid4()}", status=404)


@pytest.mark.parametrize("name", ["adm", "req", "own"])
def test_the_number_of_questions_does_not_depend_on_the_size_of_the_batch(visit, batch, name):
    visitor = visit(name)

    def questions(of: Batch) -> int:
        with asked() as statements:
            visitor.get(f"tasks/?batch={of.public_id}&size=100")
        return len(statements)

    small, large = batch(1), batch(60)
    questions(small)
    assert questions(large) == questions(small) <= 60


def test_the_head_is_renewed_with_the_list(visit, batch):
    page = visit("req").get(f"tasks/?batch={batch(1).public_id}")
    assert re.search(r'<section[^>]*id="batch" data-live', page)


@pytest.mark.parametrize("name", ["adm", "req", "own", "ogr", "wgr", "str"])
def test_what_the_head_counts_is_what_somebody_may_read(visit, batch, acting, name):
    made = batch(4, new=NewTask(watcher_groups=["watchers"]))
    actor = acting(name)
    readable = sum(permissions.may(actor, permissions.Operation.READ_TASK, task) for task in made.tasks.all())
    assert sum(counts(visit(name).get(f"tasks/?batch={made.public_id}")).values()) == readable
