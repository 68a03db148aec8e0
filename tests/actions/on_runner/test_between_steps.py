"""What lies between a step and the rest: the resources that an action declares, what a parent hears of its children,
what a template may say of an action's metadata."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.engine.gotemplate.jsontext import loads
from tasks.models import Batch, Resolution, Step, Task, Template, clock
from tasks.runner.coordinator import Coordinator
from tasks.services import resolutions
from tasks.services.tasks import delete_task, reject_task
from tasks.services.templates import load_templates
from tests.actions.on_runner.conftest import Performed, step_of
from tests.peers.ports import free_port
from tests.runner.conftest import ADMIN, document
from tests.runner.turns import later, resolution_of, settle, turn_until

Perform = Callable[..., Performed]
Load = Callable[..., None]
Ask = Callable[..., Task]

# Resources


def performed(ask: Ask, runner: Coordinator, type: str, configuration: Any, inputs: dict[str, str]) -> Performed:
    """What becomes of one step on a runner that was made after the limits were set."""
    step = {"it": {"description": "d", "action": {"type": type, "configuration": configuration}}}
    about = {"inputs": [{"name": name, "description": "d"} for name in inputs]}
    task = ask(json.dumps(step)[1:-1], inputs=inputs, about=f"{json.dumps(about)[1:-1]}\n")
    settle(runner)
    return step_of(task, "it")


@pytest.mark.parametrize(
    ("type", "configuration", "resource"),
    [
        ("http", {"url": "http://127.0.0.1:{{.input.port}}/", "method": "GET"}, "socket"),
        ("http", {"url": "http://127.0.0.1:{{.input.port}}/", "method": "GET"}, "url:127.0.0.1:{port}"),
        ("http", {"host": "http://127.0.0.1:{{.input.port}}", "path": "/", "method": "GET"}, "url:127.0.0.1:{port}"),
        ("apiovh", {"credentials": "{{.input.item}}", "method": "GET", "path": "/"}, "url:127.0.0.1:{port}"),
        ("ssh", {"user": "u", "ssh_key": "k", "target": "127.0.0.1:{{.input.port}}"}, "url:127.0.0.1:{port}"),
        ("ssh", {"user": "u", "ssh_key": "k", "target": "t", "hops": ["127.0.0.1:{{.input.port}}"]}, "url:t"),
        ("ssh", {"user": "u", "ssh_key": "k", "target": "t", "hops": ["h:{{.input.port}}"]}, "url:h:{port}"),
        (
            "email",
            {
                "smtp_hostname": "127.0.0.{{.input.one}}",
                "smtp_port": "25",
                "from_address": "a@b",
                "to": ["c@d"],
                "subject": "s",
                "body": "b",
            },
            "url:127.0.0.1",
        ),
        ("ping", {"hostname": "127.0.0.{{.input.one}}"}, "url:127.0.0.1"),
        ("script", {"file_path": "it.sh"}, "fork"),
        ("script", {"file_path": "it.sh"}, "script:it.sh"),
    ],
)
def test_an_action_does_not_run_without_the_resources_that_it_declares(
    configured: Callable[..., None],
    ask: Ask,
    runners: Callable[[], Coordinator],
    scripts: Path,
    type: str,
    configuration: Any,
    resource: str,
):
    (scripts / "it.sh").write_text("#!/bin/sh\n")
    (scripts / "it.sh").chmod(0o755)
    port = str(free_port())
    item = {"endpoint": f"http://127.0.0.1:{port}/1.0", "appKey": "a", "appSecret": "b", "consumerKey": "c"}
    name = resource.format(port=port)
    configured({"account": json.dumps(item)}, resource_limits={name: 0})
    inputs = {"port": port, "one": "1", "item": "account"}
    kept = performed(ask, runners(), type, configuration, inputs)
    assert (kept.state, name in kept.error) == ("TO_RETRY", True), kept.error
    # What an earlier try has left is not touched.
    assert (kept.output, kept.metadata) == (None, None)


@pytest.mark.parametrize("type", ["echo", "tag", "cache"])
def test_an_action_inside_the_database_holds_nothing(
    configured: Callable[..., None], ask: Ask, runners: Callable[[], Coordinator], type: str
):
    configured({}, resource_limits={"socket": 0, "fork": 0})
    configuration = {"echo": {}, "tag": {"tags": {}}, "cache": {"action": "get", "key": "k"}}[type]
    assert performed(ask, runners(), type, configuration, {}).state == "DONE"


# Parents and children


CHILD = document("child", "it: {description: d, action: {type: echo, configuration: {output: '{{.task.created}}'}}}")
BY_HAND = (
    CHILD.replace("name: child", "name: by-hand")
    .replace("auto_runnable: true", "auto_runnable: false")
    .replace("allow_all_resolver_usernames: true\n", "")
)
SUBTASK = "sub: {description: d, action: {type: subtask, configuration: {template: by-hand}}}"


def child_of(parent: Task) -> Task:
    return Task.objects.get(parent__task=parent)


def test_a_child_that_a_human_resolves_takes_its_parent_along(load: Load, ask: Ask, runner: Coordinator):
    load(BY_HAND)
    parent = ask(SUBTASK)
    settle(runner)
    assert (resolution_of(parent).state, child_of(parent).state) == ("WAITING", "TODO")
    resolutions.create_resolution(ADMIN, child_of(parent).public_id, None)
    settle(runner)
    assert (child_of(parent).state, resolution_of(parent).state) == ("DONE", "DONE")


def test_a_paused_parent_is_not_woken_and_goes_on_when_it_is_run(load: Load, ask: Ask, runner: Coordinator):
    load(BY_HAND)
    parent = ask(SUBTASK)
    settle(runner)
    resolutions.pause_resolution(ADMIN, resolution_of(parent).public_id)
    resolutions.create_resolution(ADMIN, child_of(parent).public_id, None)
    settle(runner)
    later(runner, timedelta(days=1))
    assert (child_of(parent).state, resolution_of(parent).state) == ("DONE", "PAUSED")
    resolutions.run_resolution(ADMIN, resolution_of(parent).public_id)
    settle(runner)
    assert (step_of(parent, "sub").state, resolution_of(parent).state) == ("DONE", "DONE")


def test_a_child_that_ends_while_its_parent_runs_is_not_missed(
    load: Load, ask: Ask, runner: Coordinator, tmp_path: Path
):
    load(BY_HAND)
    log, gate = tmp_path / "marks", tmp_path / "gate"
    slow = f"slow: {{description: d, action: {{type: mark, configuration: {{log: '{log}', until: '{gate}'}}}}}}"
    parent = ask(f"{SUBTASK}\n{slow}")
    turn_until(runner, lambda: log.exists() and Task.objects.filter(parent__task=parent).exists())
    resolutions.create_resolution(ADMIN, child_of(parent).public_id, None)
    turn_until(runner, lambda: child_of(parent).state == "DONE")
    assert resolution_of(parent).state == "RUNNING"
    gate.touch()
    settle(runner)
    assert resolution_of(parent).state == "DONE"


def test_a_child_starts_after_the_delay_that_it_was_given(perform: Perform, load: Load, runner: Coordinator):
    load(CHILD)
    step = {"template": "child", "delay": "{{.input.delay}}"}
    waiting = perform("subtask", step, {"delay": "1h"})
    child = child_of(waiting.task)
    assert (waiting.state, waiting.output["state"], child.state) == ("WAITING", "DELAYED", "DELAYED")
    due = Resolution.objects.get(task=child).due_at
    assert due is not None
    assert timedelta(minutes=59) < due - clock.now() <= timedelta(hours=1)
    later(runner, timedelta(hours=2))
    assert (child_of(waiting.task).state, step_of(waiting.task, "it").state) == ("DONE", "DONE")


@pytest.mark.parametrize(("type", "key"), [("subtask", "template"), ("batch", "template_name")])
def test_a_template_that_is_blocked_when_its_turn_comes_is_tried_again(
    load: Load, ask: Ask, runner: Coordinator, type: str, key: str
):
    load(CHILD)
    inputs = ", inputs: [{}]" if type == "batch" else ""
    parent = ask(f"it: {{description: d, action: {{type: {type}, configuration: {{{key}: child{inputs}}}}}}}")
    Template.objects.filter(name="child").update(blocked=True)
    settle(runner)
    assert (step_of(parent, "it").state, Task.objects.count()) == ("SERVER_ERROR", 1)
    Template.objects.filter(name="child").update(blocked=False)
    later(runner, timedelta(hours=1))
    assert (step_of(parent, "it").state, Task.objects.count()) == ("DONE", 2)


def test_a_child_that_was_deleted_is_a_server_error(load: Load, ask: Ask, runner: Coordinator):
    load(BY_HAND)
    parent = ask(SUBTASK)
    settle(runner)
    delete_task(ADMIN, child_of(parent).public_id)
    settle(runner)
    gone = step_of(parent, "sub")
    assert (gone.state, "does not exist any more" in gone.error) == ("SERVER_ERROR", True)
    assert not Task.objects.filter(parent__task=parent).exists()


BATCH = (
    "all: {description: d, action: {type: batch, configuration: "
    "{template_name: by-hand, inputs: [{}, {}, {}], sub_batch_size: '2'}}}"
)


def test_a_batch_counts_its_tasks_by_state_and_is_woken_with_the_last_of_a_part(
    load: Load, ask: Ask, runner: Coordinator
):
    load(BY_HAND)
    parent = ask(BATCH)
    settle(runner)

    def metadata() -> dict[str, str]:
        found = step_of(parent, "all").metadata
        return {key: str(value) for key, value in found.items() if key != "states"} | {
            state: str(count) for state, count in found["states"].items()
        }

    key = str(Batch.objects.get().public_id)
    assert metadata() == {"batch_id": key, "remaining_tasks": "3", "tasks_started": "2", "TODO": "2"}
    one, two = Task.objects.filter(parent__task=parent).order_by("pk")
    reject_task(ADMIN, one.public_id)
    settle(runner)
    assert resolution_of(parent).state == "WAITING"
    resolutions.create_resolution(ADMIN, two.public_id, None)
    settle(runner)
    three = Task.objects.filter(parent__task=parent).order_by("pk")[2]
    expected = {"batch_id": key, "remaining_tasks": "1", "tasks_started": "3"}
    assert metadata() == expected | {"WONTFIX": "1", "DONE": "1", "TODO": "1"}
    resolutions.create_resolution(ADMIN, three.public_id, None)
    settle(runner)
    assert metadata() == expected | {"remaining_tasks": "0", "WONTFIX": "1", "DONE": "2"}
    assert (step_of(parent, "all").state, resolution_of(parent).state) == ("DONE", "DONE")


def test_the_tasks_of_a_batch_that_are_deleted_are_not_waited_for(load: Load, ask: Ask, runner: Coordinator):
    load(BY_HAND)
    parent = ask(BATCH.replace(", sub_batch_size: '2'", ""))
    settle(runner)
    for child in Task.objects.filter(parent__task=parent):
        delete_task(ADMIN, child.public_id)
    settle(runner)
    assert (step_of(parent, "all").state, resolution_of(parent).state) == ("DONE", "DONE")


# What an action is told, and what may be said of its metadata


def test_a_script_is_told_its_task_its_resolution_and_its_step(scripts: Path, perform: Perform):
    (scripts / "it.sh").write_text(
        '#!/bin/sh\nprintf \'["%s", "%s", "%s"]\' "$UTASK_TASK_ID" "$UTASK_RESOLUTION_ID" "$UTASK_STEP_NAME"\n'
    )
    (scripts / "it.sh").chmod(0o755)
    done = perform("script", {"file_path": "it.sh", "output_mode": "disabled"})
    resolution = resolution_of(done.task)
    told = loads(done.metadata["output"])
    assert told == [str(done.task.public_id), str(resolution.public_id), "it"]


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("HTTPStatus", True), ("HTTPHeaders", True), ("Foo", False), ("httpstatus", False)],
)
def test_a_template_may_name_only_metadata_that_apiovh_has(tmp_path: Path, configured, db, path: str, accepted: bool):
    configured({"account": '{"appKey": "a", "appSecret": "b", "consumerKey": "c"}'})
    steps = f"""
    call: {{description: d, action: {{type: apiovh, configuration: {{credentials: account, method: GET, path: /me}}}}}}
    say:
      description: d
      dependencies: [call]
      action: {{type: echo, configuration: {{output: "{{{{.step.call.metadata.{path}}}}}"}}}}
    """
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "it.yaml").write_text(document("named", steps))
    report = load_templates([tmp_path / "t"], [])
    assert report.has_errors is not accepted, report.problems
    assert Step.objects.count() == 0
