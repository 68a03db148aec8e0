"""Lists: the same number of queries and the same indexes however much there is."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tasks.models import MemberKind, MemberRole, Resolution, Task, TaskMember, TaskTag, Template, clock
from tasks.services import task_lists
from tasks.services.identity import actor_named
from tasks.services.task_lists import ListType, TaskFilter, page_of_tasks, place_of
from tests.api.clients import Person
from tests.questions import asked


def make(
    number: int, *, template: str = "owned", requester: str = "req", watcher: str = "wat", tag: str = "n"
) -> list[Task]:
    """So many tasks, all with a tag, a watcher and a resolution; two of them share each instant."""
    found = Template.objects.get(name=template)
    now = clock.now()
    made = Task.objects.bulk_create(
        Task(
            template=found,
            version_id=found.current_id,
            title=f"task {index}",
            requester_username=requester,
            input="{}",
            last_activity=now - timedelta(seconds=index // 2),
        )
        for index in range(number)
    )
    TaskTag.objects.bulk_create(TaskTag(task=task, key=tag, value=str(index % 3)) for index, task in enumerate(made))
    TaskMember.objects.bulk_create(
        TaskMember(task=task, role=MemberRole.WATCHER, kind=MemberKind.USER, name=watcher) for task in made
    )
    Resolution.objects.bulk_create(
        Resolution(task=task, resolver_username="own", resolver_input="{}", template_name=template) for task in made
    )
    return made


LISTS = {
    "own": ("req", "/task?type=own"),
    "all of everybody": ("adm", "/task?type=all"),
    "all of mine": ("own", "/task?type=all"),
    "resolvable": ("own", "/task?type=resolvable"),
    "filtered": ("req", "/task?state=TODO&template=owned&tag=n=1&after=2000-01-01T00:00:00Z"),
    "resolutions": ("own", "/resolution"),
    "templates": ("req", "/template"),
    "functions": ("req", "/function"),
}


@pytest.mark.parametrize("which", LISTS)
def test_the_number_of_queries_does_not_grow(someone: Any, which: str) -> None:
    name, path = LISTS[which]
    person = someone(name)
    make(4)
    person.get(path)
    with asked() as few:
        assert person.get(path).status_code == 200
    make(60)
    with asked() as many:
        assert person.get(path).status_code == 200
    assert len(many) == len(few)
    assert len(many) <= 16


@pytest.mark.parametrize(
    ("kind", "name"), [("own", "req"), ("own", "wat"), ("resolvable", "own"), ("all", "adm"), ("all", "own")]
)
def test_every_task_once_though_instants_are_shared(someone: Any, kind: str, name: str) -> None:
    made = make(37)
    seen: list[str] = []
    path = f"/task?type={kind}&page_size=10"
    while path:
        answer = someone(name).get(path)
        seen += [task["id"] for task in answer.json()]
        path = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert len(seen) == len(set(seen))
    assert set(seen) == {str(task.public_id) for task in made}


def test_a_page_does_not_move_when_others_are_inserted_before_it(req: Person) -> None:
    made = make(30)
    first = req.get("/task?page_size=10")
    make(5)
    second = req.read(first.headers["Link"].partition("<")[2].partition(">")[0])
    together = [task["id"] for task in first.json() + second]
    assert len(set(together)) == 20
    assert set(together) <= {str(task.public_id) for task in made}


def test_a_filter_keeps_its_link(req: Person) -> None:
    make(40)
    link = req.get("/task?page_size=10&template=owned&tag=n=1&tag=n=1&before=2999-01-01T00:00:00%2B00:00").headers[
        "Link"
    ]
    assert "&template=owned" in link
    assert "before=2999-01-01T00%3A00%3A00%2B00%3A00" in link
    assert "tag=n%3D1" in link


TAGGED = {"n": "1"}
PAGES = {
    "all": ("adm", TaskFilter(ListType.ALL), "task_newest"),
    "by state": ("adm", TaskFilter(ListType.ALL, states=("TODO",)), "task_newest_by_state"),
    "own": ("req", TaskFilter(ListType.OWN), "task_newest_by_requester"),
    "watched": ("wat", TaskFilter(ListType.OWN), "list_entry_newest"),
    "resolvable": ("own", TaskFilter(ListType.RESOLVABLE), "task_newest_by_template"),
    "all with a tag": ("adm", TaskFilter(ListType.ALL, tags=TAGGED), "list_entry_newest"),
    "own with a tag": ("req", TaskFilter(ListType.OWN, tags=TAGGED), "list_entry_newest"),
    "watched with a tag": ("wat", TaskFilter(ListType.OWN, tags=TAGGED), "list_entry_newest"),
    "resolvable with a tag": ("own", TaskFilter(ListType.RESOLVABLE, tags=TAGGED), "list_entry_newest"),
    "with a tag that mine have not": ("str", TaskFilter(ListType.OWN, tags=TAGGED), "list_entry_newest"),
}


#: A plan that reads a table as a whole, or sorts more than the second of one entry's slot.
UNBOUNDED = re.compile(r"Seq Scan|SCAN \w+$|TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort  \(", re.MULTILINE)
#: An index that is entered at the place of the list, not at its beginning.
BEGINS_AT_PLACE = re.compile(r"Index Cond: .*(last_activity|slot) <=|USING .*INDEX .*(last_activity|slot)<")


def test_an_index_serves_each_page_in_its_order(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read but the page, from the place on."""
    # A look at the next few tasks, which is bounded by itself, would find the pages of this test.
    monkeypatch.setattr(task_lists, "_NEAR", 0)
    make(3000)
    make(3000, template="dummy", requester="str", watcher="somebody", tag="other")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    after = place_of(Task.objects.order_by("-last_activity", "-id")[50].public_id)
    for which, (actor, wanted, index) in PAGES.items():
        who = actor_named(actor, superuser=actor == "adm")
        with asked() as captured:
            page_of_tasks(who, wanted, size=10, after=after)
        plans = [explained(query["sql"]) for query in captured if "LIMIT 10" in query["sql"]]
        assert any(index in plan for plan in plans), (which, plans)
        assert not any(UNBOUNDED.search(plan) for plan in plans), (which, plans)
        assert all(BEGINS_AT_PLACE.search(plan) for plan in plans), (which, plans)


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_resolutions_are_listed_as_in_version_1_2(adm: Person, own: Person, req: Person) -> None:
    task = req.task("owned")
    mine = own.resolve(task)
    adm.resolve(adm.task())
    (listed,) = own.read("/resolution")
    assert (listed["id"], listed["task_id"], listed["task_title"]) == (mine["id"], task["id"], "owned x")
    assert not {"steps", "resolver_inputs"} & set(listed)
    assert len(adm.read("/resolution?type=all")) == 2
    assert own.get("/resolution?type=all").status_code == 403
    assert own.read("/resolution?state=PAUSED") == []
    assert own.read("/resolution?instance_id=4711") == []
    assert own.get("/resolution?type=nope").status_code == 400
    assert own.get(f"/resolution?last={uuid.uuid4()}").status_code == 404
    assert own.read(f"/resolution?last={mine['id']}") == []
