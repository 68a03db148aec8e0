"""Sums over all that somebody sees, whether that is little or nearly everything."""

import pytest

from tasks.models import Task
from tasks.services import task_lists, tasks
from tasks.services.actors import Actor
from tasks.services.creation import NewTask
from tasks.services.task_lists import ListType, TaskFilter, visible_tasks
from tests.services.people import actor


@pytest.fixture
def various(world):
    """Tasks that concern people in every way, some in several."""
    req, other = actor("req"), actor("str")
    for by, template, new in (
        (req, "dummy", NewTask()),
        (other, "dummy", NewTask()),
        (other, "dummy", NewTask(watcher_usernames=["req"], watcher_groups=["watchers"])),
        (req, "owned", NewTask(watcher_usernames=["req"])),
        (other, "owned", NewTask()),
    ):
        tasks.create_task(by, template, {"id": "x"}, new)


@pytest.mark.parametrize("few", [0, 1, 500])
@pytest.mark.parametrize("name", ["req", "str", "own", "wgr", "nobody"])
def test_what_somebody_sees_is_what_he_finds_in_lists_each_once(various, monkeypatch, few, name):
    who = actor(name) if name != "nobody" else Actor("nobody")
    found = {task.pk for task in task_lists.page_of_tasks(who, TaskFilter(type=ListType.ALL), size=100)}
    monkeypatch.setattr(task_lists, "_FEW", few)
    seen = list(visible_tasks(who).values_list("pk", flat=True))
    assert sorted(seen) == sorted(found)


@pytest.mark.parametrize("few", [0, 500])
@pytest.mark.parametrize("words", ["x", "dummy", "x dum", "nowhere"])
def test_words_find_the_same_whether_few_have_them_or_many(various, monkeypatch, few, words):
    wanted = TaskFilter(type=ListType.ALL, search=words)
    monkeypatch.setattr(task_lists, "_FEW", few)
    found = task_lists.page_of_tasks(actor("req"), wanted, size=100)
    assert {"x": 3, "dummy": 2, "x dum": 2, "nowhere": 0}[words] == len(found)
    assert task_lists.count_tasks(actor("req"), wanted, at_most=100) == len(found)


def test_an_administrator_sees_all(various):
    assert visible_tasks(Actor("adm", is_admin=True)).count() == Task.objects.count() == 5
