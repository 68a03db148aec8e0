"""List entries are what lists find: they agree with tasks, tags and members, whoever wrote those."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from django.db import connection

from tasks.models import Batch, ListEntry, MemberKind, MemberRole, Task, TaskMember, TaskTag, Template, clock
from tasks.models.list_entry import TAG_LENGTH, of_member, of_requester, of_template, slot_of, tag_text
from tasks.runner.statements import Table
from tasks.services import task_lists, task_ways, tasks
from tasks.services.actors import Actor
from tasks.services.creation import NewTask
from tasks.services.identity import actor_named
from tasks.services.task_lists import ListType, TaskFilter, count_tasks, page_of_tasks, place_of, visible_tasks
from tests.services.people import actor


def made(**more: Any) -> Task:
    """A task of the template ``owned`` that ``req`` asked for; what ``more`` says of it."""
    template = Template.objects.get(name=more.pop("template", "owned"))
    given = {"title": "a task", "requester_username": "req", "input": "{}"} | more
    return Task.objects.create(template=template, version_id=template.current_id, **given)


def tag(task: Task, key: str, value: str) -> None:
    TaskTag.objects.create(task=task, key=key, value=value)


def member(task: Task, role: MemberRole, kind: MemberKind, name: str) -> None:
    TaskMember.objects.create(task=task, role=role, kind=kind, name=name)


def entries() -> set[tuple[int, str, str, datetime]]:
    return set(ListEntry.objects.values_list("task_id", "audience", "tag", "slot"))


def expected() -> set[tuple[int, str, str, datetime]]:
    """What the entries have to be, from the rows they are made of."""
    found = set()
    for task in Task.objects.prefetch_related("tags", "members"):
        members = [of_member(MemberRole(m.role), MemberKind(m.kind), m.name) for m in task.members.all()]
        tags = {tag_text(*pair) for pair in task.tag_map().items()}
        everybody = ["everyone", of_requester(task.requester_username), of_template(task.template_id), *members[:5]]
        pairs = {*product(everybody, tags), *product(members, [""]), *product(members[5:], ["*"])}
        found |= {(task.pk, audience, text, slot_of(task.last_activity)) for audience, text in pairs}
    return found


def test_entries_follow_tags_and_members_that_come_change_and_go(world: None) -> None:
    task, other = made(), made(requester_username="somebody else")
    assert entries() == set()
    tag(task, "project", "blue")
    member(task, MemberRole.WATCHER, MemberKind.USER, "wat")
    tag(task, "year", "2024")
    tag(other, "project", "blue")
    member(task, MemberRole.RESOLVER, MemberKind.GROUP, "grp")
    assert len(entries()) == 2 * 5 + 2 + 3
    assert entries() == expected()
    task.tags.filter(key="project").update(value="red")
    assert (task.pk, "everyone", tag_text("project", "red"), slot_of(task.last_activity)) in entries()
    assert entries() == expected()
    task.members.filter(name="wat").delete()
    task.tags.filter(key="year").delete()
    assert entries() == expected()
    task.delete()
    assert entries() == expected() != set()


def test_entries_follow_what_a_runner_writes(world: None) -> None:
    task = made(last_activity=datetime(2024, 1, 1, 12, 0, 9, 999999, tzinfo=UTC))
    member(task, MemberRole.WATCHER, MemberKind.USER, "wat")
    table = Table(TaskTag, ("task_id", "key", "value"))
    table.insert([(task.pk, "a", "1"), (task.pk, "b", "2")])
    assert entries() == expected()
    for moment in (datetime(2024, 1, 1, 12, 0, 10, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)):
        Table(Task, ("id", "last_activity")).update([(task.pk, moment)], ("id",))
        assert {slot for *_, slot in entries()} == {moment}
    Table(TaskTag, ("task_id",)).delete([(task.pk,)])
    table.insert([(task.pk, "a", "3")])
    assert entries() == expected()


def test_many_members_do_not_multiply_with_many_tags(world: None) -> None:
    task = made()
    tags = [TaskTag(task=task, key=f"k{number}", value="v") for number in range(40)]
    members = [
        TaskMember(task=task, role=MemberRole.WATCHER, kind=MemberKind.USER, name=f"w{number}") for number in range(40)
    ]
    TaskTag.objects.bulk_create(tags[:20])
    TaskMember.objects.bulk_create(members)
    TaskTag.objects.bulk_create(tags[20:])
    assert entries() == expected()
    assert len(entries()) == 40 * (3 + 5) + 40 + 35
    for name in ("w0", "w39"):
        wanted = TaskFilter(ListType.OWN, tags={"k1": "v", "k39": "v"})
        assert page_of_tasks(actor_named(name), wanted, size=10) == [task]


def test_who_moves_up_among_the_members_stays_in_all_lists(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_lists, "_FEW", -1)
    monkeypatch.setattr(task_lists, "_NEAR", 0)
    task = made()
    tag(task, "before", "1")
    for number in range(7):
        member(task, MemberRole.WATCHER, MemberKind.USER, f"w{number}")
    task.members.filter(name__in=["w0", "w1"]).delete()
    tag(task, "after", "1")
    for number, key in product(range(2, 7), ("before", "after")):
        wanted = TaskFilter(ListType.OWN, tags={key: "1"})
        assert page_of_tasks(actor_named(f"w{number}"), wanted, size=10) == [task]
        assert count_tasks(actor_named(f"w{number}"), wanted, at_most=10) == 1


def test_entries_follow_what_people_do(world: None) -> None:
    new = NewTask(watcher_usernames=["wat", "wat"], watcher_groups=["wgrp"], tags={"a": "1", "b": "=2"})
    task = tasks.create_task(actor("req"), "owned", {"id": "x"}, new)
    assert entries() == expected() != set()
    change = tasks.TaskChange(input={"id": "y"}, watcher_usernames=["somebody"], watcher_groups=[], tags={"a": "2"})
    tasks.edit_task(actor("adm"), task.public_id, change)
    tasks.assign(actor("adm"), task.public_id, usernames=["res"], groups=["rgrp"])
    assert entries() == expected() != set()
    tasks.delete_task(actor("adm"), task.public_id)
    assert entries() == set()


def test_tags_that_look_alike_are_kept_apart(world: None) -> None:
    long = "x" * (2 * TAG_LENGTH)
    alike = [
        ("a", "b=c"),
        ("a=b", "c"),
        ("ab", "c"),
        ("a", "bc"),
        ("k", long),
        ("k", long + "!"),
        ("ü" * 255, "é" * 400),
    ]
    by_pair = {}
    for key, value in alike:
        by_pair[key, value] = made()
        tag(by_pair[key, value], key, value)
    for pair, task in by_pair.items():
        wanted = TaskFilter(ListType.OWN, tags=dict([pair]))
        assert [found.pk for found in page_of_tasks(actor("req"), wanted, size=10)] == [task.pk], pair


PEOPLE: dict[str, Actor] = {
    "requester": actor_named("ann", ["g1"]),
    "in many groups": actor_named("ben", [f"g{number}" for number in range(12)]),
    "owner": actor_named("own", []),
    "stranger": actor_named("nobody", []),
    "administrator": actor_named("root", ["g2"], superuser=True),
}


def jumble(seed: int) -> None:
    """Tasks of all kinds, some at the same instant."""
    dice, start = random.Random(seed), clock.now() - timedelta(days=1)
    batch = Batch.objects.create()
    for _ in range(45):
        task = made(
            template=dice.choice(["owned", "dummy"]),
            requester_username=dice.choice(["ann", "ben", "root", "cat"]),
            state=dice.choice(["TODO", "DONE", "BLOCKED"]),
            batch=dice.choice([None, batch]),
            last_activity=start + timedelta(seconds=dice.randrange(60), microseconds=dice.choice([0, 0, 5])),
        )
        for key, value in product("ab", "12"):
            if dice.random() < 0.3 and not task.tags.filter(key=key).exists():
                tag(task, key, value)
        people = [(MemberKind.USER, name) for name in ("ann", "ben", "root")]
        people += [(MemberKind.GROUP, f"g{number}") for number in range(4)]
        for role, (kind, name) in dice.sample(list(product(MemberRole, people)), dice.choice([0, 1, 2, 9])):
            member(task, role, kind, name)


def concerns(task: Task, who: Actor, kind: ListType) -> bool:
    """The rules of docs/api.md, "Lists", for one task."""

    def named(role: MemberRole, *, groups: bool) -> bool:
        by_group = groups and not who.groups.isdisjoint(task.names(role, MemberKind.GROUP))
        return by_group or who.username in task.names(role, MemberKind.USER)

    own = task.requester_username == who.username or named(MemberRole.WATCHER, groups=False)
    resolvable = named(MemberRole.RESOLVER, groups=True) or (
        task.template.name == "owned" and (who.username == "own" or "ownergroup" in who.groups)
    )
    if kind is ListType.OWN:
        return own
    if kind is ListType.RESOLVABLE:
        return resolvable
    return who.is_admin or own or resolvable or named(MemberRole.WATCHER, groups=True)


def fulfils(task: Task, wanted: TaskFilter) -> bool:
    return (
        (not wanted.states or task.state in wanted.states)
        and wanted.template in ("", task.template.name)
        and wanted.requester in ("", task.requester_username)
        and (wanted.batch is None or (task.batch is not None and task.batch.public_id == wanted.batch))
        and (wanted.after is None or task.last_activity > wanted.after)
        and (wanted.before is None or task.last_activity < wanted.before)
        and wanted.tags.items() <= task.tag_map().items()
    )


def filters(all_tasks: Sequence[Task], batch: uuid.UUID) -> list[dict[str, Any]]:
    middle = sorted(task.last_activity for task in all_tasks)[22]
    return [
        {},
        {"tags": {"a": "1"}},
        {"tags": {"a": "1", "b": "2"}},
        {"tags": {"a": "nowhere"}},
        {"tags": {"b": "1"}, "after": middle},
        {"tags": {"b": "1"}, "before": middle},
        {"before": middle, "after": middle - timedelta(seconds=15)},
        {"states": ("TODO",), "tags": {"a": "2"}},
        {"states": ("TODO", "BLOCKED")},
        {"template": "dummy", "tags": {"a": "2"}},
        {"template": "nowhere"},
        {"requester": "ann", "tags": {"b": "2"}},
        {"batch": batch, "tags": {"a": "1"}},
        {"batch": batch, "states": ("DONE",)},
    ]


@pytest.mark.parametrize(
    ("few", "near"), [(0, 0), (12, 1), (500, 10)], ids=["all are many", "some are few", "all are few"]
)
def test_every_list_is_what_its_rules_say_page_by_page(
    world: None, monkeypatch: pytest.MonkeyPatch, few: int, near: int
) -> None:
    monkeypatch.setattr(task_lists, "_FEW", few)
    monkeypatch.setattr(task_lists, "_NEAR", near)
    jumble(few)
    by_age = list(Task.objects.order_by("-last_activity", "-id").prefetch_related("members", "tags"))
    for who, kind, more in product(PEOPLE.values(), ListType, filters(by_age, Batch.objects.get().public_id)):
        wanted = TaskFilter(kind, **more)
        rule = [task.pk for task in by_age if concerns(task, who, kind) and fulfils(task, wanted)]
        found: list[Task] = []
        while page := page_of_tasks(who, wanted, size=15, after=place_of(found[-1].public_id) if found else None):
            found += page
        assert [task.pk for task in found] == rule, (who, wanted)
        assert count_tasks(who, wanted, at_most=1000) == len(rule), (who, wanted)


def test_sums_are_over_what_lists_show(world: None) -> None:
    jumble(1)
    for who in PEOPLE.values():
        rule = {task.pk for task in Task.objects.all() if concerns(task, who, ListType.ALL)}
        assert set(visible_tasks(who).values_list("pk", flat=True)) == rule
        some = Task.objects.filter(state="TODO")
        assert set(visible_tasks(who, some).values_list("pk", flat=True)) == rule & {task.pk for task in some}


def test_many_groups_are_one_way(world: None) -> None:
    ways = task_ways.watched_by(PEOPLE["in many groups"], groups=True)
    assert [way.audience for way in ways] == ["watcher user ben", ""]


def test_the_triggers_can_be_made_again(world: None) -> None:
    migration = import_module("tasks.migrations.0002_list_entries")
    migration.create(None, connection.schema_editor())
    tag(made(), "a", "1")
    assert entries() == expected() != set()
