"""subtask and batch: the effects they ask for, and what they make of the answers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from actions import ClientError, NotReady, ServerError, ToRetry
from actions._effects import FollowBatch, FollowTask, GiveBackRuns


def seen(state: str, **changes: Any) -> dict[str, Any]:
    answer = {
        "id": "33333333-3333-4333-8333-333333333333",
        "state": state,
        "result": {"a": 1},
        "resolver_username": "bob",
        "requester_username": "alice",
        "created": False,
    }
    return answer | changes


# subtask


def test_a_subtask_asks_for_a_child_with_all_it_was_told(run_action):
    result = run_action(
        "subtask",
        {
            "template": "child",
            "input": {"a": 1, "b": {"x": 1}},
            "json_input": '{"b": {"y": 12345678901234567890}}',
            "resolver_usernames": '["bob"]',
            "resolver_groups": ["ops"],
            "watcher_usernames": '["eve"]',
            "watcher_groups": '["dev"]',
            "delay": "1m30s",
            "tags": {"k": "v"},
        },
    )
    [effect] = result.effects
    assert isinstance(effect, FollowTask)
    assert str(effect.input["b"]["y"]) == "12345678901234567890"
    assert replace(effect, input={}) == FollowTask(
        template="child",
        resolver_usernames=["bob"],
        resolver_groups=["ops"],
        watcher_usernames=["eve"],
        watcher_groups=["dev"],
        delay=timedelta(seconds=90),
        tags={"k": "v"},
    )
    assert (result.output, result.metadata, result.question) == (None, None, effect)


def test_empty_texts_are_nothing_said(run_action):
    empty = {"template": "child", "json_input": "", "resolver_usernames": "", "delay": "", "input": None, "tags": None}
    assert run_action("subtask", empty).effects == (
        FollowTask("child", resolver_usernames=[], resolver_groups=[], watcher_usernames=[], watcher_groups=[]),
    )


def test_a_child_that_is_done_makes_the_step_done(run_action):
    result = run_action("subtask", {"template": "child"}, answer=seen("DONE"))
    expected = seen("DONE")
    del expected["created"]
    assert result.output == expected


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("CANCELLED", ClientError),
        ("WONTFIX", ClientError),
        ("BLOCKED", ClientError),
        ("TODO", NotReady),
        ("WAITING", NotReady),
        ("DELAYED", NotReady),
        ("RUNNING", ToRetry),
        ("SOMETHING", ServerError),
    ],
)
def test_the_childs_state_decides_what_becomes_of_the_step_and_its_output_is_there_always(run_action, state, error):
    with pytest.raises(error) as raised:
        run_action("subtask", {"template": "child"}, answer=seen(state))
    assert type(raised.value) is error
    assert raised.value.output["id"] == seen(state)["id"]
    assert raised.value.output["state"] == state
    assert state in raised.value.message


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        ("input", ClientError),
        ("not allowed", ClientError),
        ("unknown template", ServerError),
        ("blocked template", ServerError),
        ("gone", ServerError),
    ],
)
def test_a_child_that_cannot_be_created_blocks_when_the_input_is_at_fault(run_action, refused, error):
    with pytest.raises(error, match="quantity is missing"):
        run_action("subtask", {"template": "child"}, answer={"refused": refused, "message": "quantity is missing"})


@pytest.mark.parametrize(
    "changes",
    [
        {"json_input": "{"},
        {"json_input": "[1]"},
        {"resolver_usernames": "bob"},
        {"watcher_groups": '{"a": 1}'},
        {"resolver_groups": "[1]"},
        {"delay": "soon"},
        {"delay": "-1s"},
    ],
)
def test_a_bad_text_is_a_server_error_at_run_and_a_warning_at_load(run_action, warned, refused, changes):
    [key] = changes
    assert refused("subtask", {"template": "child"} | changes) == [] or key == "resolver_groups"
    with pytest.raises(ServerError, match=key):
        run_action("subtask", {"template": "child"} | changes)


@pytest.mark.parametrize(("action", "key"), [("subtask", "template"), ("batch", "template_name")])
def test_the_template_must_exist_when_it_is_named(registry, surroundings, run_action, action, key):
    known = replace(surroundings, template_exists=lambda name: name == "child")

    def said(name: Any) -> list[str]:
        return [str(p) for p in registry.check(action, None, {key: name}, surroundings=known) if p.level == "error"]

    assert said("child") == []
    assert 'there is no template "chidl"' in said("chidl")[0]
    assert said("{{.input.t}}") != []
    assert said("") != []
    assert said(None) != []
    assert registry.get(action).decode(None, {key: "gone"}, known)


@pytest.mark.parametrize(
    "configuration", [("subtask", {"template": "t"}), ("batch", {"template_name": "t"}), ("tag", {})]
)
def test_the_tag_that_ties_a_child_to_its_parent_is_reserved(refused, configuration):
    action, base = configuration
    assert refused(action, base | {"tags": {"k": "{{.input.v}}"}}) == []
    assert "is reserved" in refused(action, base | {"tags": {"_utask_parent_task_id": "x"}})[0]
    assert refused(action, base | {"tags": {"n": 1}}) != []


# batch


def counted(started: int, **states: int) -> dict[str, Any]:
    return {"batch_id": "44444444-4444-4444-8444-444444444444", "started": started, "states": states}


BATCH = {"template_name": "child", "inputs": [{"a": 1}, {"a": 2}, {"a": 3}], "sub_batch_size": "2"}


def test_a_batch_asks_for_its_children_with_all_it_was_told(run_action):
    result = run_action(
        "batch",
        {
            "template_name": "child",
            "inputs": [{"a": "1"}, {"a": "2", "b": "2"}],
            "json_inputs": '[{"a": "9"}, {}, {"a": "3"}]',
            "common_inputs": {"c": "1", "d": "1"},
            "common_json_inputs": '{"d": "2"}',
            "sub_batch_size": "2",
            "comment": "made by a batch",
            "resolver_usernames": '["bob"]',
            "watcher_usernames": ["eve"],
            "tags": {"k": "v"},
        },
    )
    [effect] = result.effects
    assert isinstance(effect, FollowBatch)
    assert list(effect.inputs) == [{"a": "9"}, {"a": "2", "b": "2"}, {"a": "3"}]
    assert effect.common == {"c": "1", "d": "2"}
    assert (effect.template, effect.at_once, effect.comment) == ("child", 2, "made by a batch")
    assert (effect.resolver_usernames, effect.watcher_usernames, effect.tags) == (["bob"], ["eve"], {"k": "v"})


def test_no_inputs_are_done_at_once(run_action):
    result = run_action("batch", {"template_name": "child", "sub_batch_size": ""})
    assert result.metadata == {"batch_id": "", "remaining_tasks": 0, "tasks_started": 0, "states": {}}
    assert result.effects == ()


@pytest.mark.parametrize(
    ("answer", "remaining"),
    [
        (counted(2, TODO=2), 3),
        (counted(3, DONE=1, RUNNING=1, BLOCKED=1), 2),
        (counted(3, DONE=1, CANCELLED=1, DELAYED=1), 1),
    ],
)
def test_a_batch_waits_while_children_are_left(run_action, answer, remaining):
    with pytest.raises(NotReady) as raised:
        run_action("batch", BATCH, answer=answer)
    assert raised.value.output is None
    assert raised.value.metadata == {
        "batch_id": answer["batch_id"],
        "remaining_tasks": remaining,
        "tasks_started": answer["started"],
        "states": answer["states"],
    }


@pytest.mark.parametrize(
    "states", [{"DONE": 3}, {"DONE": 1, "CANCELLED": 1, "WONTFIX": 1}, {"CANCELLED": 3}, {"DONE": 1}]
)
def test_a_batch_is_done_when_all_are_final_and_gives_the_runs_back(run_action, states):
    result = run_action("batch", BATCH, answer=counted(3, **states))
    assert (result.output, result.metadata["remaining_tasks"], result.metadata["states"]) == (None, 0, states)
    assert result.effects == (GiveBackRuns(),)


@pytest.mark.parametrize(
    ("succeeds_when", "done", "error"),
    [("all_done", 3, None), ("all_done", 2, ClientError), ("any_done", 1, None), ("any_done", 0, ClientError)],
)
def test_an_author_may_say_what_counts_as_success(run_action, succeeds_when, done, error):
    configuration = BATCH | {"succeeds_when": succeeds_when}
    answer = counted(3, DONE=done, CANCELLED=3 - done)
    if error is None:
        assert run_action("batch", configuration, answer=answer).metadata["remaining_tasks"] == 0
    else:
        with pytest.raises(error, match=f"{done} of 3 tasks") as raised:
            run_action("batch", configuration, answer=answer)
        assert raised.value.metadata["states"] == answer["states"]


def test_a_key_in_own_and_common_inputs_creates_nothing(run_action):
    before = {"batch_id": "x"}
    with pytest.raises(ClientError, match="input 1 and the common inputs both have a") as raised:
        run_action(
            "batch",
            {"template_name": "child", "inputs": [{"b": 1}, {"a": 1}], "common_inputs": {"a": 2}},
            metadata=before,
        )
    assert raised.value.metadata == before


def test_a_refused_input_is_named_by_its_position_and_the_metadata_stay(run_action):
    refusal = {"refused": "input", "message": "quantity is missing", "index": 1}
    with pytest.raises(ClientError, match="input 1: quantity is missing") as raised:
        run_action("batch", BATCH, answer=refusal, metadata={"batch_id": "x"})
    assert raised.value.metadata == {"batch_id": "x"}


@pytest.mark.parametrize(
    "changes",
    [
        {"json_inputs": "{"},
        {"json_inputs": '{"a": 1}'},
        {"json_inputs": "[1]"},
        {"common_json_inputs": "[]"},
        {"sub_batch_size": "-1"},
        {"sub_batch_size": "two"},
    ],
)
def test_a_bad_text_blocks(run_action, changes):
    [key] = changes
    with pytest.raises(ClientError, match=key):
        run_action("batch", BATCH | changes)


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({"watcher_usernames": '["x"]'}, True),
        ({"watcher_usernames": ["x"]}, True),
        ({"sub_batch_size": 2}, False),
        ({"sub_batch_size": "{{.input.n}}", "json_inputs": "{{.input.l}}"}, True),
        ({"inputs": {"a": 1}}, False),
        ({"inputs": [1]}, False),
        ({"succeeds_when": "some"}, False),
    ],
)
def test_lists_may_be_written_as_lists_or_as_json(refused, changes, accepted):
    assert (refused("batch", BATCH | changes) == []) is accepted


def test_ten_thousand_inputs_are_handed_over_as_they_are(run_action):
    inputs = [{"n": number} for number in range(10_000)]
    [effect] = run_action("batch", {"template_name": "child", "inputs": inputs, "sub_batch_size": "100"}).effects
    assert (len(effect.inputs), effect.inputs[9_999], effect.at_once) == (10_000, {"n": 9_999}, 100)


def test_both_run_inline(registry):
    assert registry.get("subtask").pure
    assert registry.get("batch").pure
