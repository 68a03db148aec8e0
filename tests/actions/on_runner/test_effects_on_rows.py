"""The actions whose work is in the database: done with the step's result, woken by whom they wait for."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tasks.engine.gotemplate.jsontext import loads
from tasks.models import Batch, CacheEntry, Callback, OutboxMessage, Task, clock
from tasks.notify import Message, deliver
from tasks.runner.coordinator import Coordinator
from tests.actions.on_runner.conftest import Performed, step_of
from tests.peers import webhooks
from tests.peers.web import WebPeer
from tests.runner.conftest import document
from tests.runner.turns import later

Perform = Callable[..., Performed]

CHILD = document(
    "child",
    """
    answer:
      description: d
      action:
        type: echo
        configuration: {output: {amount: "{{.input.amount}}"}, error_message: "{{.input.fail}}", error_type: client}
    """,
    """
    inputs:
      - {name: amount, description: d, type: number}
      - {name: fail, description: d, default: ""}
    result_format: {amount: "{{.step.answer.output.amount}}"}
    """,
)
BY_HAND = CHILD.replace("name: child", "name: by-hand").replace("auto_runnable: true", "auto_runnable: false")
BY_HAND = BY_HAND.replace("allow_all_resolver_usernames: true\n", "")


@pytest.fixture
def perform(load: Callable[..., None], perform: Perform) -> Perform:
    """As everywhere, with templates for children."""
    load(CHILD, BY_HAND)
    return perform


def children_of(task: Task) -> list[Task]:
    return list(Task.objects.exclude(pk=task.pk).order_by("id"))


# subtask


def test_a_subtask_is_done_when_its_child_is(perform: Perform):
    done = perform(
        "subtask",
        {"template": "child", "json_input": '{"amount": {{.input.amount}}}', "tags": {"k": "v"}},
        {"amount": "42"},
    )
    assert done.state == "DONE", done.error
    [child] = children_of(done.task)
    assert done.output == {
        "id": str(child.public_id),
        "state": "DONE",
        "result": {"amount": "42"},
        "resolver_username": "admin",
        "requester_username": "admin",
    }
    assert child.tag_map() == {"k": "v", "_utask_parent_task_id": str(done.task.public_id)}
    assert done.task.state == "DONE"


def test_a_blocked_child_blocks_its_parent(perform: Perform):
    failed = perform("subtask", {"template": "child", "input": {"amount": 1, "fail": "no"}})
    assert (failed.state, failed.output["state"], failed.task.state) == ("CLIENT_ERROR", "BLOCKED", "BLOCKED")


def test_a_child_that_waits_for_a_human_makes_its_parent_wait_and_is_made_once(perform: Perform, runner: Coordinator):
    waiting = perform("subtask", {"template": "by-hand", "input": {"amount": 1}})
    assert (waiting.state, waiting.output["state"], waiting.task.state) == ("WAITING", "TODO", "WAITING")
    later(runner, timedelta(days=2))
    assert len(children_of(waiting.task)) == 1


@pytest.mark.parametrize(
    ("configuration", "state"),
    [
        ({"template": "child", "input": {"amount": "many"}}, "CLIENT_ERROR"),
        ({"template": "child", "input": {}}, "CLIENT_ERROR"),
        ({"template": "child", "json_input": "{"}, "SERVER_ERROR"),
        ({"template": "child", "input": {"amount": 1}, "delay": "soon"}, "SERVER_ERROR"),
    ],
)
def test_a_child_that_cannot_be_made_leaves_nothing_behind(perform: Perform, configuration, state):
    failed = perform("subtask", configuration)
    assert failed.state == state, failed.error
    assert children_of(failed.task) == []


# batch


def test_a_batch_makes_its_tasks_some_at_a_time_and_is_done_with_the_last(perform: Perform):
    inputs = [{"amount": number} for number in range(5)]
    done = perform(
        "batch", {"template_name": "child", "inputs": inputs, "sub_batch_size": "2", "comment": "of a batch"}
    )
    assert (done.state, done.task.state, done.output) == ("DONE", "DONE", None)
    children = children_of(done.task)
    assert [child.state for child in children] == ["DONE"] * 5
    assert sorted(loads(child.result or "")["amount"] for child in children) == ["0", "1", "2", "3", "4"]
    assert done.metadata["batch_id"] == str(Batch.objects.get().public_id)
    numbers = {key: str(done.metadata[key]) for key in ("remaining_tasks", "tasks_started")}
    assert numbers == {"remaining_tasks": "0", "tasks_started": "5"}


def test_a_batch_waits_for_what_is_left_and_starts_no_more_than_it_may(perform: Perform):
    inputs = [{"amount": number} for number in range(5)]
    waiting = perform("batch", {"template_name": "by-hand", "inputs": inputs, "sub_batch_size": "2"})
    assert (waiting.state, waiting.task.state) == ("WAITING", "WAITING")
    assert [child.state for child in children_of(waiting.task)] == ["TODO"] * 2
    assert {key: str(value) for key, value in waiting.metadata["states"].items()} == {"TODO": "2"}


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"inputs": [{"amount": 1}, {"amount": "many"}]}, "input 1"),
        ({"inputs": [{"amount": 1}], "common_inputs": {"amount": 2}}, "both have amount"),
        ({"json_inputs": "{"}, "json_inputs"),
    ],
)
def test_a_batch_that_is_refused_makes_nothing(perform: Perform, configuration, said):
    failed = perform("batch", {"template_name": "child"} | configuration)
    assert failed.state == "CLIENT_ERROR"
    assert said in failed.error
    assert children_of(failed.task) == []
    assert not Batch.objects.exists()


def test_an_empty_batch_is_done_at_once(perform: Perform):
    assert perform("batch", {"template_name": "child", "json_inputs": "{{.input.l}}"}, {"l": "[]"}).state == "DONE"


# tag, cache, notify


def test_tags_are_set_on_the_running_task(perform: Perform):
    done = perform("tag", {"tags": {"who": "{{.input.name}}", "old": None}}, {"name": "Ann"})
    assert (done.state, done.task.tag_map()) == ("DONE", {"who": "Ann"})


def test_what_is_put_into_the_cache_is_sealed_and_expires(perform: Perform, runner: Coordinator):
    value = {"n": "{{.input.n}}", "exact": [12345678901234567890]}
    put = perform("cache", {"action": "set", "key": "k", "value": value, "ttl": 60}, {"n": "1"})
    assert (put.state, put.output) == ("DONE", {"key": "k", "cached": True})
    got = perform("cache", {"action": "get", "key": "k"})
    assert (got.output["hit"], got.output["value"]["n"], str(got.output["value"]["exact"][0])) == (
        True,
        "1",
        "12345678901234567890",
    )
    CacheEntry.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    missed = perform("cache", {"action": "get", "key": "k"})
    assert (missed.state, missed.output) == ("DONE", {"key": "k", "hit": False, "value": None})
    assert not CacheEntry.objects.exists()
    assert perform("cache", {"action": "delete", "key": "k"}).output == {"key": "k", "deleted": True}


def test_a_notification_goes_to_the_outbox_with_the_result(configured, perform: Perform):
    backend = {"type": "webhook", "config": {"webhook_url": "http://127.0.0.1:9/"}}
    configured({}, notify_config={"chat": backend, "pager": backend})
    done = perform(
        "notify",
        {"message": "Hello {{.input.name}}", "fields": {"who": "{{.input.name}}"}, "backends": ["chat"]},
        {"name": "Ann"},
    )
    assert (done.state, done.output, done.metadata) == ("DONE", None, None)
    told = [(message.backend, loads(message.payload)) for message in OutboxMessage.objects.filter(kind="notify")]
    assert [(backend, payload["message"], payload["fields"]["who"]) for backend, payload in told] == [
        ("chat", "Hello Ann", "Ann")
    ]


def test_what_a_notify_step_queues_arrives_at_every_kind_of_receiver(configured, perform: Perform, web: WebPeer):
    receivers = {
        "chat": ("slack", {"webhook_url": webhooks.slack(web)}),
        "pager": ("opsgenie", {"api_key": "k-1", "api_url": webhooks.opsgenie(web, "k-1")}),
        "hook": ("webhook", {"webhook_url": webhooks.webhook(web)}),
    }
    configured({}, notify_config={name: {"type": type, "config": config} for name, (type, config) in receivers.items()})
    assert perform("notify", {"message": "Hello", "fields": {"who": "Ann"}}).state == "DONE"
    for row in OutboxMessage.objects.filter(kind="notify"):
        type, config = receivers.pop(row.backend)
        payload = loads(row.payload)
        before = len(web.received)
        deliver(type, Message(str(row.key), row.kind, row.backend, payload["message"], payload["fields"]), config)
        # The runner sends what else was queued at the same time, to the same peer.
        assert any("Hello" in arrived.text and "Ann" in arrived.text for arrived in web.received[before:])
    assert receivers == {}


# callback


CALLBACK = """
create:
  description: d
  action: {type: callback, configuration: {action: create, schema: '{"type": "object", "required": ["success"]}'}}
wait:
  description: d
  dependencies: [create]
  action: {type: callback, configuration: {action: wait, id: "{{.step.create.output.id}}"}}
"""


def test_a_task_waits_for_its_callback_and_goes_on_with_the_body(configured, play, runner: Coordinator):
    configured({"callback-config": '{"base_url": "https://hooks.example.org/", "path_prefix": "/cb/"}'})
    task = play(CALLBACK)
    created, waiting = step_of(task, "create"), step_of(task, "wait")
    assert (created.state, waiting.state, task.state) == ("DONE", "WAITING", "WAITING")
    callback = Callback.objects.get()
    url = f"https://hooks.example.org/cb/{callback.public_id}?t={created.output['token']}"
    assert (created.output["id"], created.output["url"]) == (str(callback.public_id), url)
    assert created.output["schema"]["required"] == ["success"]
    assert callback.token == created.output["token"]


def test_without_an_address_only_callbacks_fail(play):
    task = play(CALLBACK)
    assert step_of(task, "create").state == "SERVER_ERROR"
    assert "callback-config" in step_of(task, "create").error
