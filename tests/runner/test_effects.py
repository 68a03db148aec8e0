"""What actions ask of the database: done once, with their result, whatever happens between."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError

from tasks.config import current
from tasks.engine.gotemplate import loads
from tasks.models import (
    Batch,
    CacheEntry,
    Callback,
    Comment,
    JournalEntry,
    OutboxMessage,
    Resolution,
    Step,
    Task,
    clock,
)
from tasks.runner import checkpoints, claims, effects, flush
from tasks.runner.checkpoints import Moment
from tasks.runner.coordinator import Coordinator
from tasks.services import callbacks, catalog, resolutions
from tasks.services.tasks import create_task
from tests.runner.conftest import ADMIN, document
from tests.runner.test_leases import fall_silent
from tests.runner.turns import resolution_of, settle, states, turn_until

Make = Callable[[], Coordinator]
Ask = Callable[..., Task]
ECHO = "only: {description: one, action: {type: echo, configuration: {output: {num: '{{.input.num}}'}}}}"
CHILD = document(
    "child",
    ECHO,
    "inputs: [{name: num, description: number, optional: true}]\nresult_format: {num: '{{.input.num}}'}\n",
)
BLOCKED_CHILD = document(
    "failing",
    "only: {description: one, action: {type: echo, configuration: {error_message: refused, error_type: client}}}",
)
BY_HAND = (
    CHILD.replace("name: child", "name: by hand")
    .replace("auto_runnable: true", "auto_runnable: false")
    .replace("allow_all_resolver_usernames: true", "allow_all_resolver_usernames: false")
)


def subtask(template: str = "child") -> str:
    return f"""
        sub:
          description: one
          action: {{type: subtask, configuration: {{template: {template}, input: {{num: five}}}}}}
    """


def output(task: Task, step: str) -> dict[str, object]:
    return dict(loads(Step.objects.get(resolution__task=task, name=step).output or "{}"))


def test_a_subtask_is_made_once_followed_and_its_result_is_the_output(
    load: Callable[..., None], ask: Ask, runner: Coordinator
) -> None:
    load(CHILD)
    task = ask(subtask())
    settle(runner)
    [child] = Task.objects.filter(parent__isnull=False)
    assert (child.requester_username, child.parent_id, child.parent_step) == ("admin", resolution_of(task).pk, "sub")
    assert child.tag_map() == {"_utask_parent_task_id": str(task.public_id)}
    assert str(task.public_id) in Comment.objects.get(task=child, automatic=True).content
    assert (output(task, "sub")["id"], output(task, "sub")["result"]) == (str(child.public_id), {"num": "five"})
    assert (resolution_of(task).state, states(task)) == ("DONE", {"sub": "DONE"})
    assert Step.objects.get(resolution__task=task).link == child.public_id


def test_a_child_that_is_blocked_cancelled_or_rejected_wakes_its_parent(
    load: Callable[..., None], ask: Ask, runner: Coordinator
) -> None:
    load(BLOCKED_CHILD, BY_HAND)
    blocked = ask(subtask("failing"))
    settle(runner)
    assert (states(blocked), resolution_of(blocked).state) == ({"sub": "CLIENT_ERROR"}, "BLOCKED_BADREQUEST")
    cancelled = ask(subtask("by hand"))
    settle(runner)
    assert resolution_of(cancelled).state == "WAITING"
    assert "task" in Step.objects.get(resolution__task=cancelled).waiting_for
    child = Task.objects.get(parent=resolution_of(cancelled))
    resolutions.create_resolution(ADMIN, child.public_id, None)
    resolutions.cancel_resolution(ADMIN, resolution_of(child).public_id)
    settle(runner)
    assert states(cancelled) == {"sub": "CLIENT_ERROR"}


def test_an_input_that_the_child_refuses_leaves_nothing(
    load: Callable[..., None], ask: Ask, runner: Coordinator
) -> None:
    load(CHILD.replace("optional: true", "legal_values: [six]"))
    task = ask(subtask())
    settle(runner)
    assert states(task) == {"sub": "CLIENT_ERROR"}
    assert Task.objects.count() == 1


@pytest.mark.parametrize("moment", [Moment.EFFECTS_APPLIED, Moment.RESULT_WRITTEN])
def test_a_runner_that_dies_around_its_commit_makes_the_subtask_once(
    load: Callable[..., None], ask: Ask, runners: Make, monkeypatch: pytest.MonkeyPatch, moment: Moment
) -> None:
    load(BY_HAND)
    victim = runners()
    task = ask(subtask("by hand"))

    class Died(BaseException):
        pass

    def die(reached: Moment) -> None:
        if reached is moment and Task.objects.filter(parent__isnull=False).exists():
            raise Died

    monkeypatch.setattr(checkpoints, "at", die)
    with pytest.raises(Died):
        settle(victim)
    monkeypatch.undo()
    claims.take_over(fall_silent(victim), clock.now())
    settle(runners())
    assert Task.objects.filter(parent=resolution_of(task)).count() == 1
    assert resolution_of(task).state == "WAITING"


def test_a_transaction_that_has_to_be_done_again_makes_the_same_subtask(
    load: Callable[..., None], ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(BY_HAND)
    task = ask(subtask("by hand"))
    failures = iter([True, True])

    def fail_twice(reached: Moment) -> None:
        if reached is Moment.EFFECTS_APPLIED and runner.work.held and next(failures, False):
            raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(checkpoints, "at", fail_twice)
    settle(runner)
    assert next(failures, None) is None
    [child] = Task.objects.filter(parent=resolution_of(task))
    assert output(task, "sub")["id"] == str(child.public_id)
    assert resolution_of(task).state == "WAITING"


@pytest.fixture
def callbacks_on(settings: object, test_actions: None) -> Iterator[None]:
    """Those outside reach us."""
    settings.UTASK_BASE_URL = "http://here.example"  # type: ignore[attr-defined]
    current.reload()
    catalog.registry.cache_clear()
    yield
    settings.UTASK_BASE_URL = ""  # type: ignore[attr-defined]
    current.reload()


BATCH = """
    all:
      description: many
      action:
        type: batch
        configuration:
          template_name: child
          json_inputs: '{{.input.numbers}}'
          sub_batch_size: '{{.input.at_once}}'
"""
BATCH_INPUTS = """
inputs: [{name: numbers, description: list, regex: '.*'}, {name: at_once, description: size}]
"""


def batch(ask: Ask, count: int, at_once: int) -> Task:
    numbers = json.dumps([{"num": str(number)} for number in range(count)])
    return ask(BATCH, inputs={"numbers": numbers, "at_once": str(at_once)}, about=BATCH_INPUTS)


@pytest.mark.parametrize("at_once", [0, 1, 3, 50])
def test_a_batch_makes_each_task_once_and_ends_with_the_last(
    load: Callable[..., None], ask: Ask, runner: Coordinator, at_once: int
) -> None:
    load(CHILD)
    task = batch(ask, 10, at_once)
    settle(runner)
    assert (states(task), resolution_of(task).state) == ({"all": "DONE"}, "DONE")
    children = Task.objects.filter(batch=Batch.objects.get()).order_by("pk")
    assert [loads(child.input)["num"] for child in children] == [str(number) for number in range(10)]
    assert set(children.values_list("state", flat=True)) == {"DONE"}
    # What waking it used up is given back.
    resolution = resolution_of(task)
    assert resolution.run_max >= 100
    assert resolution.run_max - resolution.run_count >= 98


def test_the_last_child_of_a_batch_wakes_the_parent_whichever_it_is(
    load: Callable[..., None], ask: Ask, runners: Make
) -> None:
    load(CHILD)
    one, other = runners(), runners()
    for runner in (one, other):
        runner.share = type(runner.share)(most=3, most_cut_off=1, pause_between_cut_off=timedelta(0))
    task = batch(ask, 20, 0)
    turn_until(one, lambda: other.run_once() is not None and resolution_of(task).state == "DONE")


def test_a_callback_wakes_the_step_that_waits_for_it(callbacks_on: None, ask: Ask, runner: Coordinator) -> None:
    task = ask("""
        make: {description: one, action: {type: callback, configuration: {action: create}}}
        wait:
          description: two
          dependencies: [make]
          action: {type: callback, configuration: {action: wait, id: '{{.step.make.output.id}}'}}
    """)
    settle(runner)
    assert states(task) == {"make": "DONE", "wait": "WAITING"}
    made = Callback.objects.get()
    assert output(task, "make")["id"] == str(made.public_id)
    callbacks.answer(made.public_id, made.token, {"yes": True}, address="")
    settle(runner)
    assert states(task) == {"make": "DONE", "wait": "DONE"}
    assert output(task, "wait")["body"] == {"yes": True}


def test_a_callback_that_comes_while_it_runs_is_not_overrun(
    callbacks_on: None, ask: Ask, runner: Coordinator, tmp_path: Path
) -> None:
    log, gate = tmp_path / "marks", tmp_path / "gate"
    task = ask(f"""
        make: {{description: one, action: {{type: callback, configuration: {{action: create}}}}}}
        wait:
          description: two
          dependencies: [make]
          action: {{type: callback, configuration: {{action: wait, id: '{{{{.step.make.output.id}}}}'}}}}
        slow: {{description: three, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}
    """)
    turn_until(runner, lambda: states(task).get("wait") == "WAITING" and log.exists())
    made = Callback.objects.get()
    callbacks.answer(made.public_id, made.token, None, address="")
    assert resolution_of(task).state == "RUNNING"
    gate.touch()
    settle(runner)
    assert (states(task)["wait"], resolution_of(task).state) == ("DONE", "DONE")


def test_the_cache_and_tags_are_written_with_the_result(play: Callable[..., Task]) -> None:
    task = play("""
        put: {description: one, action: {type: cache, configuration: {action: set, key: k, value: {a: [1]}, ttl: 60}}}
        get: {description: two, dependencies: [put], action: {type: cache, configuration: {action: get, key: k}}}
        miss: {description: three, action: {type: cache, configuration: {action: get, key: other}}}
        drop: {description: four, dependencies: [get], action: {type: cache, configuration: {action: delete, key: k}}}
        tag: {description: five, action: {type: tag, configuration: {tags: {colour: blue}}}}
    """)
    assert task.state == "DONE"
    assert (output(task, "get")["hit"], output(task, "get")["value"]) == (True, {"a": [1]})
    assert output(task, "miss")["hit"] is False
    assert not CacheEntry.objects.exists()
    assert task.tag_map() == {"colour": "blue"}


@pytest.fixture
def backends(configure: Callable[..., None]) -> None:
    """Two backends: one wants all, one only failures."""
    hook = {"type": "webhook", "config": {"webhook_url": "http://127.0.0.1:9/"}}
    quiet = {"task_state_update": "failure_only", "task_step_update": "silent", "task_validation": "silent"}
    configure(notify_config={"all": hook, "failures": hook | {"default_notification_strategy": quiet}})


def test_messages_are_queued_with_the_change_that_they_tell_of(backends: None, play: Callable[..., Task]) -> None:
    task = play(
        "only: {description: one, action: {type: echo, configuration: {error_message: refused, error_type: client}}}"
    )
    told = [
        (message.backend, message.kind, loads(message.payload)["fields"].get("step_state", ""), fields["state"])
        for message in OutboxMessage.objects.order_by("pk")
        for fields in [loads(message.payload)["fields"]]
    ]
    assert told == [
        ("all", "task_state_update", "", "TODO"),
        ("all", "task_state_update", "", "RUNNING"),
        ("all", "task_step_update", "CLIENT_ERROR", "BLOCKED"),
        ("all", "task_state_update", "", "BLOCKED"),
        ("failures", "task_state_update", "", "BLOCKED"),
    ]
    assert task.state == "BLOCKED"


def test_a_notify_step_reaches_the_named_backends(backends: None, play: Callable[..., Task]) -> None:
    play("only: {description: one, action: {type: notify, configuration: {message: hello, backends: [failures]}}}")
    [message] = OutboxMessage.objects.filter(kind="notify")
    assert (message.backend, loads(message.payload)["message"]) == ("failures", "hello")


@pytest.mark.parametrize("cautious", [True, False])
@pytest.mark.parametrize(
    ("error", "cause"),
    [(DataError, psycopg.errors.UntranslatableCharacter), (OperationalError, psycopg.errors.ProgramLimitExceeded)],
)
def test_one_resolution_that_cannot_be_stored_is_set_aside_and_the_others_go_on(
    load: Callable[..., None],
    runner: Coordinator,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    cause: type[Exception],
    cautious: bool,
) -> None:
    load(
        document(
            "played",
            "only: {description: one, action: {type: echo, configuration: {output: '{{.input.num}}'}}}",
            "inputs: [{name: num, description: number}]\n",
        )
    )
    good, bad = (create_task(ADMIN, "played", {"num": n}) for n in ("good", "bad"))
    written = flush.write

    def refuse(fence: object, held: list, now: object, **more: object) -> object:
        if any(each.task_key == bad.public_id and not each.only_started for each in held):
            raise error("this cannot be stored") from cause()
        return written(fence, held, now, **more)

    monkeypatch.setattr(flush, "write", refuse)
    if cautious:
        runner.caution.begin()
    settle(runner)
    assert resolution_of(good).state == "DONE"
    aside = resolution_of(bad)
    assert (aside.state, aside.runner, aside.due_at) == ("BLOCKED_TOCHECK", None, None)
    assert "cannot be stored" in aside.waiting_for
    assert JournalEntry.objects.filter(task=bad, event="set aside").count() == 2
    assert Resolution.objects.filter(runner__isnull=False).count() == 0


def test_an_effect_that_comes_out_otherwise_the_second_time_starts_over_from_what_is_written(
    load: Callable[..., None], ask: Ask, runner: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(BY_HAND)
    task = ask(subtask("by hand"))
    failures, answers, real = iter([True]), iter([True, False]), effects.answer

    def fail_once(reached: Moment) -> None:
        if reached is Moment.EFFECTS_APPLIED and runner.work.held and next(failures, False):
            raise OperationalError("the server closed the connection unexpectedly")

    def answer(*arguments: Any) -> Any:
        return real(*arguments) if next(answers, True) else {"refused": "gone", "message": "not the same"}

    monkeypatch.setattr(checkpoints, "at", fail_once)
    monkeypatch.setattr(effects, "answer", answer)
    settle(runner)
    assert [next(failures, None), next(answers, None)] == [None, None]
    moves = JournalEntry.objects.filter(task=task, kind="resolution").values_list("event", flat=True)
    assert list(moves).count("run started") == 2
    assert Task.objects.filter(parent=resolution_of(task)).count() == 1
    assert resolution_of(task).state == "WAITING"
