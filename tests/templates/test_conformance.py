"""The original's templates end as its own tests say they do, through services, rows and runner.

Numbers in comments are those of the cases in the list of conformance cases; a file without a case fails the first test.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.engine.documents import steps_from_document
from tasks.engine.functions import custom_states_of
from tasks.engine.gotemplate import loads
from tasks.models import Batch, Resolution, Step, Task, clock
from tasks.services import resolutions, steps
from tasks.services.errors import WrongState
from tasks.services.templates import definition_of
from tests.runner.turns import settle
from tests.templates.conftest import ADMIN, Folder, Played, plain, resolve

pytestmark = [pytest.mark.conformance, pytest.mark.django_db(transaction=True)]

#: Refused when loaded, and a word of why (1-13).
REFUSED = {
    "lintingError": "notfound",
    "lintingRootKey": "grault",
    "lintingReservedStep": "this",
    "customStates": "SERVER_ERROR",
    "forbiddenStateImpact": "stepTwo",
    "stepDetailsLintingError": "stepNotFound",
    "circularDependencies": "step",
    "selfDependency": "stepOne",
    "orphanDependencies": "stepTwo",
    "functionEchoHelloWorldError": "name",
    "conditionForeachSkipOnly": "skip",
    "conditionForeachInvalid": "invalid",
    "conditionForeachStepNotForeach": "foreach",
}
#: Accepted and run below.
RUN = frozenset(
    """
    lintingInfiniteOk lintingObject allowedStateImpact computeVersion simple clientError maxRetry nextRetry
    stepMaxRetries base_configuration base_output no-output no-output-backward functionEchoHelloWorld
    functionNested functionCustomState functionPreHook functionEchoTemplatedOutput prune stepCondition input
    anyDependency indirectDependencies metadata retryNowState retryNowMaxRetry foreach foreachAndPreRun variables
    jsonTemplating jsonnumber jsonParsing rawb64EncodingDecoding retryloop execScript execScriptWithEnvironment
    callback subtask noOutputSubtask batch batchedTask
    """.split()  # noqa: SIM905 - forty words are easier to read
)


def test_every_file_of_the_folder_has_a_case(conformance: Path) -> None:
    files = {file.stem for file in (conformance / "templates").glob("*.yaml")}
    assert files == REFUSED.keys() | RUN


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_template_with_a_fault_is_refused_and_leaves_nothing(original: Folder, name: str) -> None:
    report = original.load(name)
    assert report.has_errors
    assert any(REFUSED[name] in str(problem) for problem in report.problems if problem.level == "error")
    assert not report.created


@pytest.mark.parametrize("name", ["simple", "base_output"])
def test_a_file_that_is_indented_with_tabs_is_refused_as_it_is(original: Folder, conformance: Path, name: str) -> None:
    original.copies.mkdir()
    (original.copies / f"{name}.yaml").write_text((conformance / "templates" / f"{name}.yaml").read_text())
    assert original.load().has_errors


@pytest.mark.parametrize("name", ["lintingInfiniteOk", "lintingObject"])
def test_14_15_a_recursive_schema_is_accepted_and_enforced(original: Folder, name: str) -> None:
    played = original.play(name)
    assert played.states("stepOne", "stepTwo") == {"stepOne": "FATAL_ERROR", "stepTwo": "TODO"}
    assert played.state == "BLOCKED_FATAL"


def test_16_a_condition_may_change_itself_its_ancestors_and_its_descendants(original: Folder) -> None:
    played = original.play("allowedStateImpact")
    expected = {"stepOne": "TO_RETRY", "stepTwo": "TO_RETRY", "stepThree": "PRUNE"}
    assert (played.states(), played.state) == (expected, "ERROR")
    played.run()
    assert (played.states(), played.state) == (expected, "ERROR")
    Resolution.objects.update(run_max=3)
    assert played.run().state == "BLOCKED_MAXRETRIES"


def test_17_the_version_of_a_schema_is_computed(original: Folder) -> None:
    played = original.play("computeVersion")
    drafts = {name: document["json_schema"]["$schema"].split("/")[3] for name, document in played.documents().items()}
    assert drafts == {
        "stepOne": "draft-07",
        "stepTwo": "draft-06",
        "stepThree": "draft-04",
        "stepFour": "draft-04",
        "stepFive": "draft-07",
        "stepSix": "draft-07",
    }
    assert not any("version" in document["json_schema"] for document in played.documents().values())
    assert set(played.states().values()) == {"DONE"}
    assert played.state == "DONE"


def test_18_a_chain_that_ends_in_a_server_error(original: Folder) -> None:
    played = original.play("simple", {"foo": "bar"})
    assert played.states() == {"stepOne": "DONE", "stepTwo": "DONE", "stepThree": "SERVER_ERROR"}
    assert played.row("stepThree").error == "FAIL!"
    assert (played.state, played.task_state) == ("ERROR", "RUNNING")
    assert played.task.title == "[test] a simple task"
    assert (played.out("stepOne"), played.out("stepTwo")) == ({"foo": "bar"}, {"foo": "baz"})
    assert {name: played.row(name).try_count for name in played.states()} == dict.fromkeys(played.states(), 1)
    assert_next_retry(played)


def assert_next_retry(played: Played) -> None:
    resolution = played.resolution
    assert resolution.next_retry is not None
    assert resolution.last_stop is not None
    assert timedelta(seconds=9.5) < resolution.next_retry - resolution.last_stop <= timedelta(seconds=10)
    assert resolution.due_at == resolution.next_retry


def test_19_a_client_error_blocks(original: Folder) -> None:
    played = original.play("clientError")
    assert played.states("stepOne") == {"stepOne": "CLIENT_ERROR"}
    assert (played.state, played.task_state) == ("BLOCKED_BADREQUEST", "BLOCKED")
    assert played.row("stepOne").error == "client error"


def test_20_one_run_is_all_that_retry_max_allows(original: Folder) -> None:
    played = original.create("maxRetry")
    assert played.documents()["stepOne"].get("try_count", 0) == 0
    played.settle()
    assert (played.states("stepOne"), played.row("stepOne").try_count) == ({"stepOne": "SERVER_ERROR"}, 1)
    assert (played.state, played.task_state) == ("BLOCKED_MAXRETRIES", "BLOCKED")


def test_21_a_server_error_is_to_be_retried(original: Folder) -> None:
    played = original.create("nextRetry")
    assert played.resolution.next_retry is None
    played.settle()
    assert (played.states("stepOne"), played.row("stepOne").try_count) == ({"stepOne": "SERVER_ERROR"}, 1)
    assert played.state == "ERROR"
    assert_next_retry(played)


def test_22_a_step_is_given_up_after_its_retries(original: Folder) -> None:
    played = original.create("stepMaxRetries")
    assert played.documents()["stepOne"]["max_retries"] == 1
    assert [played.settle().state, played.run().state] == ["ERROR", "ERROR"]
    played.run()
    assert (played.states("stepOne"), played.row("stepOne").try_count) == ({"stepOne": "FATAL_ERROR"}, 2)
    assert played.state == "BLOCKED_FATAL"
    assert "server error" in (played.row("stepOne").error or "")


def test_23_two_steps_share_a_base_configuration(original: Folder) -> None:
    played = original.play("base_configuration")
    assert {played.out(name) for name in played.states()} == {"testingoutput"}
    assert {played.row(name).error for name in played.states()} == {"error1", "error2"}
    assert set(played.states().values()) == {"SERVER_ERROR"}
    assert played.state == "ERROR"


def test_24_a_base_output_lies_under_the_output(original: Folder) -> None:
    played = original.play("base_output", {"id": "1234"})
    assert (played.out("stepOne"), played.state) == ({"id": "1234", "foo": "bar"}, "DONE")


@pytest.mark.parametrize("name", ["no-output", "no-output-backward"])
def test_25_26_a_merge_format_stands_in_for_a_missing_output(original: Folder, name: str) -> None:
    played = original.play(name)
    assert (played.states("stepOne"), played.out("stepOne")) == ({"stepOne": "DONE"}, {"foobar": "buzz"})
    assert played.state == "DONE"


def test_27_a_function_wraps_an_action(original: Folder) -> None:
    played = original.play("functionEchoHelloWorld")
    assert (played.out("stepOne"), played.state) == ({"value": "Hello toto !"}, "DONE")


def test_28_functions_nest(original: Folder) -> None:
    played = original.play("functionNested")
    assert played.states("stepOne") == {"stepOne": "CUSTOM_STATE1"}
    assert played.out("stepOne") == {
        "value": "Hello foobar !",
        "nested1": "foo",
        "nested2": "foo",
        "base_nested": "nested2",
        "base_output_template": "foo",
    }


def test_29_a_function_without_arguments_brings_its_custom_states(original: Folder) -> None:
    played = original.play("functionCustomState")
    assert played.out("stepOne") == {"value": "Hello world!"}
    definition = definition_of(played.task.version_id)
    assert list(custom_states_of(definition, definition.steps["stepOne"])) == ["STATE_HELLO"]


def test_30_a_function_brings_its_pre_hook(original: Folder) -> None:
    played = original.play("functionPreHook")
    assert played.out("stepOne") == {"value": "Hello 42 !", "coalesce": "Coalesce 42!"}


def test_31_a_function_reshapes_the_output_by_a_template(original: Folder) -> None:
    assert original.play("functionEchoTemplatedOutput").out("stepOne") == {"full_name": "John Doe"}


@pytest.mark.parametrize(
    ("skip", "states"),
    [("skip", "PRUNE DONE PRUNE PRUNE PRUNE"), ("not_skip", "DONE DONE PRUNE PRUNE DONE")],
)
def test_32_33_pruning_follows_dependencies(original: Folder, skip: str, states: str) -> None:
    played = original.play("prune", {"skipStepOne": skip})
    names = ["stepOne", "stepTwo", "stepThree", "stepFour", "stepFive"]
    assert played.states(*names) == dict(zip(names, states.split(), strict=True))
    assert played.state == "DONE"


def test_34_conditions_of_every_kind(original: Folder) -> None:
    played = original.create("stepCondition")
    assert played.states("stepOne", "stepOneFinal") == {"stepOne": "TODO", "stepOneFinal": "TODO"}
    played.settle()
    after = {"stepOne": "TO_RETRY", "stepOneFinal": "PRUNE"}
    assert played.states(*after) == after
    assert [played.row(name).try_count for name in after] == [1, 1]
    assert played.states("stepSkip", "stepSkipFinal") == {"stepSkip": "CLIENT_ERROR", "stepSkipFinal": "PRUNE"}
    assert played.state == "BLOCKED_BADREQUEST"
    played.run()
    assert played.states(*after) == after
    assert [played.row(name).try_count for name in after] == [2, 1]
    assert played.state == "BLOCKED_BADREQUEST"
    expected = {
        "stepTwo": "REGEXP_MATCH",
        "stepTwoBis": "NOTREGEXP_MATCH",
        "stepThree": "FOO",
        "stepFour": "OK",
        "stepFive": "PRUNE",
        "stepSix": "LIST_NOMATCH",
        "stepForeach": "DONE",
        "stepForeachValidation": "VALID",
    }
    assert played.states(*expected) == expected
    assert played.row("stepThree").error == "changed state matched correctly"
    assert played.row("stepFour").error == "OK"
    children = played.documents()["stepForeach"]["children"]
    assert [child["state"] for child in children] == ["FOO1", "FOO2", "DONE"]


@pytest.mark.parametrize("given", [{}, {"foo": ""}])
def test_35_36_inputs_keep_their_notation_and_their_emptiness(original: Folder, given: dict[str, str]) -> None:
    played = original.play("input", {"quantity": loads("-2.3"), **given})
    assert played.out("stepOne")["value"] == "-2.3"
    assert played.out("stepOne")["foo"] == ""
    assert (played.states("stepOne"), played.state) == ({"stepOne": "DONE"}, "DONE")


def test_37_any_waits_for_whatever_end(original: Folder) -> None:
    played = original.play("anyDependency")
    assert played.out("secondStepRunsIfAny")["i_ran_anyway"] == "yes"
    expected = {
        "firstStepNotFound": "NOT_FOUND",
        "thirdStepRunsIfSecondOK": "DONE",
        "thirdStepRunsIfSecondKO": "PRUNE",
        "fourthStepWillNotBePruned": "DONE",
    }
    assert (played.states(*expected), played.state) == (expected, "DONE")


def test_38_any_waits_for_all_ancestors_too(original: Folder) -> None:
    played = original.play("indirectDependencies")
    assert played.states() == {"stepOne": "DONE", "stepTwo": "FATAL_ERROR", "stepThree": "PRUNE", "stepFour": "TODO"}
    assert played.state == "BLOCKED_FATAL"


def test_39_a_check_reads_the_metadata_of_a_failure(original: Folder) -> None:
    played = original.play("metadata")
    assert played.states("notfound") == {"notfound": "NOTFOUND"}
    assert not played.row("notfound").error
    assert played.state == "DONE"


def test_40_a_step_is_repeated_at_once(original: Folder) -> None:
    played = original.play("retryNowState", {"N": loads("12"), "separator": " sep "})
    assert played.states("fibonacci", "join") == {"fibonacci": "DONE", "join": "DONE"}
    assert played.out("join")["str"] == " sep ".join(map(str, [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]))
    assert (played.row("fibonacci").try_count, played.row("join").try_count) == (13, 12)
    assert played.state == "DONE"


def test_41_a_step_that_repeats_itself_for_ever_is_given_up(original: Folder) -> None:
    played = original.play("retryNowMaxRetry")
    row = played.row("infinite")
    assert (row.state, row.try_count, row.max_retries) == ("FATAL_ERROR", 42, 41)
    assert (played.out("infinite"), played.state) == ("42", "BLOCKED_FATAL")


LETTERS = ["a", "b", "c"]


def test_42_loops_feed_loops(original: Folder) -> None:
    played = original.play("foreach", {"list": LETTERS})
    expected = {"emptyLoop": "DONE", "concatItems": "DONE", "finalStep": "DONE", "bStep": "B"}
    assert (played.states(*expected), played.state) == (expected, "DONE")
    assert played.out("bStep") is None
    documents = played.documents()
    assert len(documents["generateItems"]["children"]) == 2
    [concat] = documents["concatItems"]["children"]
    assert concat["output"]["concat"] == "foo-b-bar-b"
    assert concat["metadata"]["iterator"]["output"] == {"foo": "foo-b", "bar": "bar-b"}
    assert concat["state"] == "DONE"


PRE_RUN = {
    **dict.fromkeys(["stepForeachNoDep", "stepSkippedNoDep", "stepNoDep", "stepForeachWithDep"], "DONE"),
    **dict.fromkeys(["stepSkippedWithDep", "stepForeachPrune", "stepDepOnForeachPrune"], "DONE"),
    **dict.fromkeys(["stepDep", "stepDep2", "stepForeachPruneParentTask", "stepDepOnForeachPruneParentTask"], "PRUNE"),
}


def test_43_skips_of_children_and_of_the_loop(original: Folder) -> None:
    played = original.play("foreachAndPreRun")
    assert (played.states(), played.state) == (PRE_RUN, "DONE")


def test_44_variables_are_evaluated(original: Folder) -> None:
    played = original.play("variables")
    expected = {"truc": "4", "bidule": "5", "templated": "Hello World!", "cached": "6"}
    assert {name: played.out("renderVariables")[name] for name in expected} == expected
    assert played.out("renderVariablesWithCache")["cached"] == "6"


def test_45_texts_of_many_lines_go_into_json(original: Folder) -> None:
    given = {"singleString": "hello", "multilineString": "Un,\n\tDeux,\n\tTrois,\n\tSoleil!"}
    played = original.play("jsonTemplating", given)
    out = played.out("stepOne")
    assert (out["raw-multiline"], out["raw-single"]) == (given["multilineString"], given["singleString"])
    assert json.loads(out["my-json-body"]) == {
        "single": "hello",
        "singleMarshalled": "hello",
        "multiline": given["multilineString"],
    }
    assert played.state == "DONE"


def test_46_large_numbers_have_no_exponent(original: Folder) -> None:
    played = original.play("jsonnumber")
    assert played.state == "DONE"
    assert played.documents()["loopStep"]["children"][0]["output"] == "/id/1619464078"
    assert played.out("simpleStep")["path"] == "/some/api/path/12345678912345"


def test_47_48_json_and_base64_are_read_in_texts(original: Folder) -> None:
    parsed = original.play("jsonParsing")
    assert (parsed.out("stepOne"), parsed.state) == (
        {"a": "utask", "b": "666", "c": "map[k:v]", "d": "[1 2 3]"},
        "DONE",
    )
    encoded = original.play("rawb64EncodingDecoding")
    assert (encoded.out("stepOne"), encoded.state) == ({"a": "cmF3IG1lc3NhZ2U", "b": "raw message"}, "DONE")


def test_49_a_loop_is_redone_by_the_next_run(original: Folder) -> None:
    played = original.play("retryloop")
    assert (played.states(), played.state) == ({"generateItems": "TO_RETRY"}, "ERROR")

    def without_conditions(documents: dict[str, Any]) -> None:
        documents["generateItems"]["conditions"] = []

    played.pause()
    played.edit(without_conditions)
    played.run()
    assert (played.states(), played.state) == ({"generateItems": "DONE"}, "DONE")
    children = played.documents()["generateItems"]["children"]
    assert len(children) == 3
    assert children[0]["output"]["foo"] == "foo-a"


def test_50_a_script_runs(original: Folder) -> None:
    played = original.play("execScript", {"argv": "world"})
    assert played.out("stepOne") == {"dumb_string": "Hello world!", "random_object": {"foo": "bar"}}
    metadata = played.documents()["stepOne"]["metadata"]
    assert len(metadata) == 5
    assert metadata.pop("execution_time")
    lines = metadata.pop("output").splitlines(keepends=True)
    assert len(lines) == 2
    assert metadata == {"exit_code": "0", "process_state": "exit status 0", "error": ""}


def test_51_a_script_knows_its_task(original: Folder) -> None:
    played = original.play("execScriptWithEnvironment")
    assert (played.states(), played.state) == ({"stepOne": "DONE"}, "DONE")
    expected = {
        "UTASK_TASK_ID": str(played.task.public_id),
        "UTASK_RESOLUTION_ID": str(played.resolution.public_id),
        "UTASK_STEP_NAME": "stepOne",
        "static_value": "foo",
        "variable_value": "bar",
    }
    assert {name: played.out("stepOne")[name] for name in expected} == expected


def test_52_a_callback_is_waited_for(original: Folder) -> None:
    played = original.play("callback")
    assert played.states() == {"createCallback": "DONE", "waitCallback": "WAITING"}
    assert played.out("createCallback")["url"].startswith("http://foo.example.com/unsecured/callback/")
    assert played.state == "WAITING"


def children_of(played: Played) -> list[Task]:
    return list(Task.objects.filter(parent=played.resolution).order_by("pk"))


def run_child(played: Played, child: Task) -> Played:
    """The child's only run; its parent may follow in the same turns."""
    resolve(child)
    run = Played(child, played.runner).settle()
    assert (run.state, run.task_state) == ("DONE", "DONE")
    assert set(run.states().values()) == {"DONE"}
    return run


def test_53_a_parent_goes_on_when_its_subtasks_end(original: Folder) -> None:
    played = original.play("subtask", None, "variables", "input")
    assert played.state == "WAITING"
    names = ["subtaskCreation", "jsonInputSubtask", "templatingJsonInputSubtask"]
    children = {str(child.public_id): child for child in children_of(played)}
    assert {played.out(name)["id"] for name in names} == children.keys()
    assert {child.state for child in children.values()} == {"TODO"}
    runs = {name: run_child(played, children[played.out(name)["id"]]) for name in names}
    assert runs["templatingJsonInputSubtask"].out("stepOne")["value"] == "42"
    assert runs["jsonInputSubtask"].out("stepOne")["value"] == "1337"
    assert set(played.states().values()) == {"DONE"}
    assert (played.state, played.task_state, played.result) == ("DONE", "DONE", {"foo": "OK"})


def test_54_a_paused_parent_is_not_resumed(original: Folder) -> None:
    played = original.play("subtask", None, "variables", "input")
    played.pause()
    child = Task.objects.get(public_id=played.out("subtaskCreation")["id"])
    run_child(played, child)
    assert (played.state, played.resolution.due_at) == ("PAUSED", None)
    assert played.resolution.woken_at is not None


def test_55_a_wake_up_that_comes_during_a_run_survives_it(original: Folder) -> None:
    played = original.play("noOutputSubtask", None, "no-output")
    assert (played.state, played.resolution.next_retry) == ("WAITING", None)
    # As if another runner were busy with it.
    other = Resolution.objects.filter(pk=played.resolution.pk)
    other.update(state="RUNNING", runner=played.runner.fence.runner_id)
    run_child(played, children_of(played)[0])
    assert played.state == "RUNNING"
    assert played.resolution.woken_at is not None
    other.update(state="WAITING", runner=None, due_at=clock.now())
    assert played.settle().resolution.woken_at is None


def test_56_a_batch_waits_for_all_its_tasks(original: Folder) -> None:
    played = original.play("batch", None, "batchedTask")
    assert played.state == "WAITING"
    for step in ("batchJsonInputs", "batchYamlInputs"):
        document = played.documents()[step]
        assert document.get("output") is None
        batch = Batch.objects.get(public_id=document["metadata"]["batch_id"])
        tasks = list(batch.tasks.order_by("pk"))
        assert [task.state for task in tasks] == ["TODO", "TODO"]
        assert [task.title for task in tasks] == ["[test] batched task template"] * 2
        assert plain(loads(tasks[0].input)) == {"specific_string": "specific-1", "common_string": "common"}
        run_child(played, tasks[0])
        assert played.states(step) == {step: "WAITING"}
        run_child(played, tasks[1])
        assert played.states(step) == {step: "DONE"}
    assert (played.state, played.task_state) == ("DONE", "DONE")


def test_57_the_batched_task_alone(original: Folder) -> None:
    played = original.play("batchedTask", {"specific_string": "specific-1", "common_string": "common"})
    assert len(played.out("simpleStep").strip().splitlines()) == 4
    assert played.state == "DONE"


def sequence_that_fails_at_d(documents: dict[str, Any]) -> None:
    loop = documents["generateItems"]
    loop["foreach_strategy"] = "sequence"
    loop["conditions"][0]["then"] = {"this": "DONE"}
    loop["conditions"].append(
        {
            "type": "check",
            "if": [{"value": "{{.iterator}}", "operator": "EQ", "expected": "d"}],
            "then": {"this": "TO_RETRY"},
        }
    )


@pytest.mark.parametrize("dependencies", [[], ["emptyLoop"]])
def test_58_59_a_sequence_stops_at_the_child_that_fails(original: Folder, dependencies: list[str]) -> None:
    # The original's test gives SERVER_ERROR past the validation; what may be given, TO_RETRY, stops it just so.
    played = original.create("foreach", {"list": ["a", "b", "c", "d", "e"]})
    played.pause()

    def changed(documents: dict[str, Any]) -> None:
        sequence_that_fails_at_d(documents)
        documents["generateItems"]["dependencies"] = dependencies

    played.edit(changed)
    played.run()
    assert played.state == "ERROR"
    expected = {
        "emptyLoop": "DONE",
        "concatItems": "TODO",
        "finalStep": "TODO",
        "bStep": "B",
        "generateItems-0": "DONE",
        "generateItems-1": "DONE",
        "generateItems-2": "DONE",
        "generateItems-3": "TO_RETRY",
        "generateItems-4": "TODO",
    }
    assert played.states(*expected) == expected


def test_60_a_loop_in_a_fatal_error_is_tried_again_by_a_human(original: Folder) -> None:
    # The original leaves such a loop alone for ever; ours takes it up like one that has not begun.
    played = original.create("foreach", {"list": LETTERS})
    played.pause()

    def failed(documents: dict[str, Any]) -> None:
        documents["generateItems"]["state"] = "FATAL_ERROR"

    played.edit(failed)
    assert played.run().state == "DONE"


def test_61_loops_and_skips_begin_from_to_retry_as_from_todo(original: Folder) -> None:
    played = original.create("foreachAndPreRun")
    played.pause()

    def to_retry(documents: dict[str, Any]) -> None:
        for name in PRE_RUN:
            if "Prune" in name:
                documents[name]["state"] = "TO_RETRY"

    played.edit(to_retry)
    played.run()
    assert (played.states(), played.state) == (PRE_RUN, "DONE")


@pytest.mark.parametrize("text", ["{{ index .foo.unknown 3 }}", "{{ index .step.stepOne.output.foo.unknown 3 }}"])
@pytest.mark.parametrize("strategy", ["template", "merge"])
def test_62_to_65_an_output_that_cannot_be_formatted_is_fatal(original: Folder, strategy: str, text: str) -> None:
    played = original.create("no-output")
    played.pause()

    def changed(documents: dict[str, Any]) -> None:
        documents["stepOne"]["action"]["output"] = {"strategy": strategy, "format": {"foo2": text}}

    played.edit(changed)
    played.run()
    assert (played.states("stepOne"), played.state) == ({"stepOne": "FATAL_ERROR"}, "BLOCKED_FATAL")
    assert "format" in (played.row("stepOne").error or "") or "base output" in (played.row("stepOne").error or "")


def test_66_a_crashed_step_that_is_not_idempotent_blocks_the_recovery(original: Folder) -> None:
    played = original.create("stepCondition")
    resolution = played.resolution
    Step.objects.create(
        resolution=resolution, resolution_key=resolution.public_id, name="stepOne", state="RUNNING", max_retries=10_000
    )
    make_it_not_pure(played)
    Resolution.objects.update(state="CRASHED", run_count=1, due_at=clock.now())
    played.settle()
    assert played.states("stepOne") == {"stepOne": "CRASHED"}
    assert (played.state, played.task_state) == ("BLOCKED_TOCHECK", "BLOCKED")


def make_it_not_pure(played: Played) -> None:
    """An echo is repeated without harm; the step becomes one that is not."""
    documents = plain(steps.step_documents(played.resolution, details=True))
    documents["stepOne"]["action"] = {"type": "script", "configuration": {"file_path": "/bin/true"}}
    documents["stepOne"]["state"] = "RUNNING"
    definitions = {name: {**document, "state": None} for name, document in documents.items()}
    found, _ = steps_from_document(definition_of(played.task.version_id), definitions)
    steps._keep_definitions(played.resolution, found)


@pytest.mark.parametrize("state", ["CANCELLED", "DONE", "RUNNING"])
def test_67_what_is_over_or_running_cannot_be_run(original: Folder, state: str) -> None:
    played = original.create("stepCondition")
    Resolution.objects.update(state=state, run_count=5, due_at=None)
    with pytest.raises(WrongState):
        resolutions.run_resolution(ADMIN, played.resolution.public_id)
    Resolution.objects.all().delete()


def test_68_a_run_that_is_asked_for_is_begun_by_a_runner(original: Folder) -> None:
    played = original.create("stepCondition")
    resolutions.run_resolution(ADMIN, played.resolution.public_id)
    settle(played.runner)
    assert played.resolution.run_count == 1
