"""The list of tasks: what is found, page by page, and what is done to many at once."""

import re

import pytest

from tasks.models import JournalEntry, Task
from tasks.services import resolutions
from tasks.services.creation import NewTask
from tests.questions import asked


def titles(page):
    body = page[page.index('id="rows"') :].partition("</table>")[0]
    return re.findall(r'/admin/tasks/[0-9a-f-]{36}/">([^<]+)</a>', body)


def test_the_newest_activity_stands_first_and_pages_follow_each_other_without_gap(visit, make):
    for number in range(30):
        make("dummy", id=f"{number:02}")
    visitor = visit("adm")
    first = visitor.get("tasks/?size=25")
    assert titles(first) == [f"dummy {number:02}" for number in range(29, 4, -1)]
    older = re.search(r'href="(\?[^"]*last=[^"]*)" rel="next"', first).group(1)
    second = visitor.get(f"tasks/{older}")
    assert titles(second) == [f"dummy {number:02}" for number in range(4, -1, -1)]
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=own", {"mine"}),
        ("type=all", {"mine", "watched"}),
        ("type=resolvable", set()),
        ("type=all&state=TODO", {"mine", "watched"}),
        ("type=all&state=DONE", set()),
        ("type=all&state=DONE&state=TODO", {"mine", "watched"}),
        ("type=all&state=DONE,TODO", {"mine", "watched"}),
        ("type=all&template=owned", {"watched"}),
        ("type=all&tag=colour%3Dred", {"mine"}),
        ("type=all&tag=colour%3Dblue", set()),
        ("type=all&requester=str", {"watched"}),
        ("type=all&search=mine", {"mine"}),
        ("type=all&search=red", {"mine"}),
        ("type=all&after=2000-01-01", {"mine", "watched"}),
        ("type=all&before=2000-01-01", set()),
        ("type=all&after=nonsense&state=NOSUCH", {"mine", "watched"}),
        ("waiting=me", set()),
    ],
)
def test_filters_narrow_the_list(visit, make, query, found):
    make("dummy", by="req", id="mine", new=NewTask(tags={"colour": "red"}))
    make("owned", by="str", id="watched", new=NewTask(watcher_groups=["watchers"]))
    make("dummy", by="own", id="strange")
    name = "wgr"
    Task.objects.filter(requester_username="req").update(requester_username=name)
    assert {title.split()[1] for title in titles(visit(name).get(f"tasks/?{query}"))} == found


def test_a_filter_of_several_states_stays_in_the_form_and_is_called_by_its_own_name(visit):
    page = visit("req").get("tasks/?state=BLOCKED&state=CANCELLED")
    assert '<option value="BLOCKED,CANCELLED" selected>BLOCKED or CANCELLED</option>' in page
    assert 'aria-current="page">At work' not in page
    assert 'aria-current="page">At work' in visit("req").get("tasks/?type=all&state=RUNNING&state=WAITING")


def test_what_waits_for_a_resolver_is_listed_for_him(visit, make, acting):
    make("owned", id="open")
    resolutions.create_resolution(acting("own"), make("owned", id="taken").public_id, {})
    assert titles(visit("own").get("tasks/?waiting=me")) == ["owned open"]


def test_the_number_of_questions_does_not_depend_on_the_number_of_tasks(visit, make):
    visitor = visit("adm")

    def questions() -> int:
        with asked() as statements:
            visitor.get("tasks/?size=100")
        return len(statements)

    make("dummy")
    visitor.get("tasks/")
    few = questions()
    for number in range(30):
        make("dummy", id=str(number), new=NewTask(tags={"a": "b"}, watcher_usernames=["wat"]))
    assert questions() == few <= 20


def test_each_of_many_has_its_own_result(visit, make, acting):
    fresh, taken, strange = make("owned", id="fresh"), make("owned", id="taken"), make("dummy", by="str", id="strange")
    resolution = resolutions.create_resolution(acting("own"), taken.public_id, {})
    resolutions.cancel_resolution(acting("own"), resolution.public_id)
    ids = [str(task.public_id) for task in (fresh, taken, strange)]
    page = (
        visit("own").post("tasks/bulk/", status=200, task=ids, deed="wontfix", reason="spring clean").content.decode()
    )
    assert "1 of 3 done" in page
    assert "in state CANCELLED" in page
    assert "may not read the task" in page
    assert [task.state for task in Task.objects.order_by("id")] == ["WONTFIX", "CANCELLED", "TODO"]
    # Trying again is about the refused ones alone.
    again = page[page.index('class="card line"') :].partition("</form>")[0]
    assert ids[0] not in again
    assert ids[1] in again


def test_many_are_assigned_at_once(visit, make):
    made = [make("dummy", id=str(number)) for number in range(3)]
    ids = [str(task.public_id) for task in made]
    visit("adm").post("tasks/bulk/", status=200, task=ids, deed="assign", usernames="ann bob", groups="lab")
    for task in made:
        assert {(member.kind, member.name) for member in task.members.all()} == {
            ("user", "ann"),
            ("user", "bob"),
            ("group", "lab"),
        }
    assert JournalEntry.objects.filter(event="assign", actor="adm").count() == 3


def test_deletion_is_offered_to_administrators_and_refused_to_others(visit, make):
    task = make("owned")
    assert '<option value="delete">' in visit("adm").get("tasks/")
    assert '<option value="delete">' not in visit("own").get("tasks/")
    page = visit("own").post("tasks/bulk/", status=200, task=[str(task.public_id)], deed="delete").content.decode()
    assert "only administrators" in page
    visit("adm").post("tasks/bulk/", status=200, task=[str(task.public_id)], deed="delete")
    assert not Task.objects.exists()


@pytest.mark.parametrize("fields", [{"deed": "wontfix"}, {"task": ["nonsense"], "deed": "run"}, {"deed": "dance"}])
def test_a_bulk_without_sense_is_refused(visit, make, fields):
    fields = {"task": [str(make("dummy").public_id)]} | fields if fields["deed"] == "dance" else fields
    visit("adm").client.post("/admin/tasks/bulk/", fields)
    assert Task.objects.get().state == "TODO" if Task.objects.exists() else True
