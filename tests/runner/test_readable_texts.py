"""Titles, tags and names that no database can store are told for what they are, and stop nothing else."""

from collections.abc import Callable

import pytest

from tasks.engine.readable import LONGEST_NAME, readable, wrong_name, wrong_tags, wrong_text
from tasks.models import JournalEntry, Step, Task
from tasks.runner.coordinator import Coordinator
from tasks.services.creation import NewTask
from tasks.services.errors import BadRequest
from tasks.services.tasks import TaskChange, create_task, edit_task
from tests.runner.conftest import ADMIN, document
from tests.runner.turns import resolution_of, settle, states

ECHO = "only: {description: one, action: {type: echo, configuration: {output: 1}}}"
ZERO = '{{printf "%c" 0}}'
LONG = "k" * (LONGEST_NAME + 1)


def only(action: str, configuration: str) -> str:
    return f"only: {{description: one, action: {{type: {action}, configuration: {configuration}}}}}"


@pytest.mark.parametrize("text", ["", "any text", "µ😀", "\x01\x7f\n"])
def test_other_texts_are_stored(text: str) -> None:
    assert (wrong_text(text), readable(text)) == ("", text)


@pytest.mark.parametrize(("text", "why"), [("a\0b", "zero byte"), ("a\ud83db", "half of a character")])
def test_what_cannot_be_stored_is_told_and_can_be_replaced(text: str, why: str) -> None:
    assert why in wrong_text(text)
    assert why in wrong_tags({"a": "good", "b": text})
    assert why in wrong_tags({text: "good"})
    assert not wrong_text(readable(text))


def test_a_name_has_its_bounds() -> None:
    assert wrong_name(LONG[1:]) == ""
    assert "255 characters" in wrong_name(LONG)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        (f"title_format: 'a{ZERO}'\n", "title_format holds a zero byte"),
        (f"tags: {{a: '{ZERO}'}}\n", "tag a holds a zero byte"),
    ],
)
def test_a_task_that_would_have_them_is_refused(load: Callable[..., None], about: str, why: str) -> None:
    text = document("played", ECHO, about)
    load(text.replace("title_format: played\n", "") if "title_format" in about else text)
    with pytest.raises(BadRequest, match=why):
        create_task(ADMIN, "played", {})
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "new",
    [
        NewTask(tags={LONG: "x"}),
        NewTask(tags={"a": "\0"}),
        NewTask(watcher_usernames=[LONG]),
        NewTask(resolver_groups=["\0"]),
    ],
)
def test_a_request_that_names_them_is_refused(load: Callable[..., None], new: NewTask) -> None:
    load(document("played", ECHO))
    with pytest.raises(BadRequest, match=r"zero byte|255 characters"):
        create_task(ADMIN, "played", {}, new)


@pytest.mark.parametrize("change", [{"tags": {"a": "\0"}}, {"watcher_usernames": [LONG]}])
def test_so_is_an_edit(load: Callable[..., None], change: dict[str, object]) -> None:
    by_hand = document("played", ECHO).replace("auto_runnable: true\n", "")
    load(by_hand.replace("allow_all_resolver_usernames: true\n", ""))
    task = create_task(ADMIN, "played", {})
    with pytest.raises(BadRequest, match=r"zero byte|255 characters"):
        edit_task(ADMIN, task.public_id, TaskChange(input={}, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "steps",
    [
        only("echo", "{output: 1}"),
        only("tag", f"{{tags: {{{LONG}: x}}}}"),
        only("subtask", f"{{template: child, tags: {{{LONG}: x}}}}"),
    ],
    ids=["the template's own", "tag", "subtask"],
)
def test_a_long_name_of_a_tag_in_the_file_is_told_when_it_is_loaded(load: Callable[..., None], steps: str) -> None:
    load(document("child", ECHO))
    about = f"tags: {{{LONG}: x}}\n" if "echo" in steps else ""
    with pytest.raises(AssertionError, match="255 characters"):
        load(document("played", steps, about))


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        (only("tag", f"{{tags: {{a: '{ZERO}'}}}}"), "FATAL_ERROR"),
        (only("subtask", f"{{template: child, tags: {{a: '{ZERO}'}}}}"), "CLIENT_ERROR"),
        (only("subtask", f"{{template: child, watcher_usernames: ['{ZERO}']}}"), "CLIENT_ERROR"),
    ],
    ids=["tag", "tags of a child", "watchers of a child"],
)
def test_a_step_that_gives_them_fails_and_says_why(
    load: Callable[..., None], play: Callable[..., Task], steps: str, state: str
) -> None:
    load(document("child", ECHO))
    task = play(steps)
    assert (task.state, states(task)) == ("BLOCKED", {"only": state})
    assert "zero byte" in (Step.objects.get(resolution=resolution_of(task)).error or "")


def test_a_title_that_becomes_one_of_them_is_not_taken(load: Callable[..., None], runner: Coordinator) -> None:
    title = f"{{{{if .task.resolver_username}}}}{ZERO}{{{{else}}}}a title{{{{end}}}}"
    load(document("played", ECHO).replace("title_format: played\n", f"title_format: '{title}'\n"))
    task = create_task(ADMIN, "played", {})
    settle(runner)
    task.refresh_from_db()
    assert (task.state, task.title) == ("DONE", "a title")
    noted = JournalEntry.objects.get(task=task, event="title not rendered")
    assert "zero byte" in (noted.detail or "")
