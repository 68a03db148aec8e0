"""The page of a task: what it shows to whom, and which buttons it has."""

import pytest

from tasks.models import JournalEntry, Step, Task
from tasks.services import resolutions, task_graph
from tests.admin.conftest import buttons
from tests.questions import asked


def page_of(visitor, task, query=""):
    return visitor.get(f"tasks/{task.public_id}/{query}")


def test_what_steps_brought_is_for_those_who_may_resolve(visit, make, acting, run):
    task = make("chosen", id="y")
    resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "bar"})
    run()
    admin, requester = page_of(visit("adm"), task, "?step=step"), page_of(visit("req"), task, "?step=step")
    assert "said: bar" in admin
    assert "Resolver’s inputs" in admin
    assert "said: bar" not in requester
    assert "Resolver’s inputs" not in requester
    assert "shown to those who may resolve" in requester


def test_a_password_is_shown_to_nobody_not_even_in_a_rendered_configuration(visit, make, run):
    task = make("asks", by="adm", text="abc", **{"pass": "hunter2"})
    run()
    page = page_of(visit("adm"), task, "?step=tell")
    configuration = page[page.index("Configuration of the last try") :].partition("</details>")[0]
    assert "it is **__SECRET__**" in configuration
    assert "hunter2" not in page[page.index('id="inputs"') :]


def test_a_task_that_does_not_move_says_why(visit, make):
    assert "nobody has resolved it yet" in page_of(visit("req"), make("dummy"))


def test_a_blocked_task_names_the_step_and_its_error(visit, make, acting, run):
    task = make("chosen", id="y")
    resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    head = page_of(visit("req"), task).partition('id="graph')[0]
    assert "foo is not wanted" in head
    assert "CLIENT_ERROR" in head


def test_a_loop_is_one_node_with_its_children_counted(visit, make, run):
    task = make("loops", by="adm", list=["a", "bad", "c"])
    run()
    page = page_of(visit("adm"), task, "?step=each")
    graph = page[page.index('id="graph"') :].partition("</svg>")[0]
    assert graph.count("data-step=") == 1
    assert "2/3" in graph
    assert "each-1" in page[page.index('id="panel"') :]
    assert "it: a" in page_of(visit("adm"), task, "?step=each-0")


def test_what_the_children_of_a_loop_brought_is_shown_once_they_are_collected(visit, make, run):
    task = make("loops", by="adm", list=["a", "b"])
    run()
    panel = page_of(visit("adm"), task, "?step=each").partition('id="panel"')[2].partition('id="result"')[0]
    assert "it: b" in panel.partition("What its children brought")[2]


def test_a_loop_still_tells_how_many_there_were_once_its_children_are_collected(visit, make, run, monkeypatch):
    task = make("loops", by="adm", list=["a", "b", "c"])
    run()
    graph = page_of(visit("adm"), task).partition('id="graph"')[2].partition("</svg>")[0]
    assert "×3" in graph
    monkeypatch.setattr(task_graph, "_MOST_BYTES", 10)
    graph = page_of(visit("adm"), task).partition('id="graph"')[2].partition("</svg>")[0]
    assert "×" not in graph


BEFORE = {
    "adm": {"Resolve", "Won't fix", "Edit the request", "Assign", "Delete"},
    "own": {"Resolve", "Won't fix", "Edit the request", "Assign"},
    "req": {"Won't fix", "Edit the request"},
}
PAUSED = {
    "adm": {"Run now", "Cancel", "Edit the run", "Start over", "Won't fix", "Edit the request", "Assign", "Delete"},
    "own": {"Run now", "Cancel", "Won't fix", "Edit the request", "Assign"},
    "req": {"Won't fix"},
}


@pytest.mark.parametrize("name", BEFORE)
def test_buttons_before_it_is_resolved_are_those_of_the_role(visit, make, name):
    found = buttons(page_of(visit(name), make("owned")))
    assert set(found) == BEFORE[name]
    assert not any(found.values())


@pytest.mark.parametrize("name", PAUSED)
def test_buttons_of_a_paused_run_are_those_of_the_role(visit, make, acting, name):
    task = make("owned")
    resolution = resolutions.create_resolution(acting("own"), task.public_id, {})
    resolutions.pause_resolution(acting("own"), resolution.public_id)
    found = buttons(page_of(visit(name), task))
    assert set(found) == PAUSED[name]
    assert not any(found.values())


def test_a_button_that_cannot_be_pressed_says_why(visit, make, run):
    task = make("auto")
    run()
    found = buttons(page_of(visit("adm"), task))
    assert found["Run now"] == "not while it is DONE"
    assert found["Edit the run"] == "only while it is PAUSED: pause it first"
    assert found["Edit the request"] == "only before it is resolved, or while it is PAUSED"
    assert found["Delete"] == ""


@pytest.mark.parametrize("deed", ["run", "cancel"])
def test_a_deed_is_done_with_its_reason_in_the_journal(visit, make, acting, deed):
    task = make("owned")
    resolution = resolutions.create_resolution(acting("own"), task.public_id, {})
    resolutions.pause_resolution(acting("own"), resolution.public_id)
    visit("own").post(f"tasks/{task.public_id}/do/", deed=deed, reason="because of rain")
    page = page_of(visit("own"), task)
    assert "because of rain" in page[page.index('id="journal"') :]


def test_a_page_of_a_cancelled_task_looks_for_news_again_once_it_is_started_over(visit, make, acting, run):
    task = make("chosen", id="y")
    first = resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    over = []
    for go_on in (
        lambda: resolutions.cancel_resolution(acting("adm"), first.public_id),
        lambda: resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "bar"}, start_over=True),
        run,
    ):
        go_on()
        task.refresh_from_db()
        over.append((task.state, " data-over" in page_of(visit("adm"), task)))
    # Until a runner takes it, it keeps its last state.
    assert over == [("CANCELLED", True), ("CANCELLED", False), ("DONE", True)]


def test_a_reason_stands_in_the_journal_as_it_was_written_and_beside_it_what_was_changed(visit, make):
    task = make("owned", id="wrong")
    visit("own").post(f"tasks/{task.public_id}/edit/", **{"in-id": "right", "reason": "“wrong” was\na slip"})
    journal = page_of(visit("own"), task).partition('id="journal"')[2].partition("</table>")[0]
    assert '“wrong” was\na slip {"inputs":["id"]}' in journal


def test_a_deed_that_is_refused_says_why_and_changes_nothing(visit, make, acting):
    task = make("owned")
    resolutions.create_resolution(acting("own"), task.public_id, {})
    told = visit("req").told(f"tasks/{task.public_id}/do/", deed="cancel")
    assert told == "req may not cancel the resolution"
    assert visit("own").told(f"tasks/{task.public_id}/do/", deed="extend").startswith("can't extend resolution")
    task.refresh_from_db()
    assert task.state == "TODO"


def test_a_deleted_task_leads_back_to_the_list(visit, make):
    task = make("dummy")
    answer = visit("adm").post(f"tasks/{task.public_id}/do/", deed="delete")
    assert answer.headers["Location"] == "/admin/tasks/"
    assert not Task.objects.exists()


def test_a_step_is_tried_again_in_one_move(visit, make, acting, run):
    task = make("chosen", id="y")
    resolution = resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    visitor = visit("adm")
    assert "Try again" in page_of(visitor, task, "?step=step")
    told = visitor.told(f"tasks/{task.public_id}/step/", step="step", reason="once more")
    assert told == "Step step is tried again."
    run()
    tries = Step.objects.get(resolution=resolution, name="step")
    assert tries.state == "CLIENT_ERROR"
    entries = list(JournalEntry.objects.filter(task=task, kind="act").values_list("event", flat=True))
    assert entries == ["pause", "edit step state", "run"]


def test_a_state_is_given_to_a_step_and_the_run_stays_paused(visit, make, acting, run):
    task = make("chosen", id="y")
    resolution = resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    visit("adm").post(f"tasks/{task.public_id}/step/", step="step", state="DONE", reason="done by hand")
    resolution.refresh_from_db()
    assert resolution.state == "PAUSED"
    assert Step.objects.get(resolution=resolution, name="step").state == "DONE"
    assert visit("req").told(f"tasks/{task.public_id}/step/", step="step", state="TODO") == (
        "req may not edit the state of a step"
    )


def test_comments_are_said_changed_and_taken_back_by_their_author(visit, make):
    task = make("owned")
    path = f"tasks/{task.public_id}/comment/"
    visit("req").post(path, content="how long will it take?")
    said = task.comments.get()
    assert "how long will it take?" in page_of(visit("own"), task)
    assert "Change" not in page_of(visit("own"), task).partition('id="comments"')[2].partition("</section>")[0]
    visit("own").post(path, comment=str(said.public_id), content="nothing")
    said.refresh_from_db()
    assert said.content == "how long will it take?"
    visit("req").post(path, comment=str(said.public_id), content="never mind")
    said.refresh_from_db()
    assert said.content == "never mind"
    visit("req").post(path, comment=str(said.public_id), delete="yes")
    assert not task.comments.exists()


def test_a_comment_that_is_too_short_is_refused_with_the_reason(visit, make):
    task = make("dummy")
    assert "bytes" in visit("req").told(f"tasks/{task.public_id}/comment/", content="x")


def test_the_number_of_questions_does_not_depend_on_steps_comments_and_entries(visit, make, run):
    visitor = visit("adm")

    def questions(task) -> int:
        with asked() as statements:
            page_of(visitor, task)
        return len(statements)

    small, large = make("loops", by="adm", list=["a"]), make("loops", by="adm", list=["a", *["bad"] * 60])
    run()
    page_of(visitor, small)
    few = questions(small)
    assert questions(large) <= few + 2  # the failed steps of a task that is blocked
    assert few < 40


def test_the_page_names_the_stream_that_keeps_it_fresh_until_it_is_over(visit, make, run):
    task = make("auto")
    page = page_of(visit("req"), task)
    assert f'data-events="/task/{task.public_id}/events"' in page
    assert "data-over" not in page
    run()
    assert "data-over" in page_of(visit("req"), task)
