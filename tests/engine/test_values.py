"""What handles see: shapes, moments, and that nobody can change a value."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rpds import HashTrieMap

from tasks.engine.facts import Installation, TaskFacts
from tasks.engine.gotemplate import GoError, JSONNumber, render
from tasks.engine.jobs import Answer
from tasks.engine.simulation import EPOCH, Simulation
from tasks.engine.steps import Step
from tasks.engine.values import StepHandles, rfc3339, task_handle
from tasks.engine.variables import Evaluation
from tasks.states import ResolutionState as R
from tests.engine.playing import defined, task


def shown(text, *steps, this=None):
    found = HashTrieMap({step.name: step for step in steps})
    return render(text, {"step": StepHandles(found, this)})


# --- .step


@pytest.mark.parametrize(
    ("handle", "text"),
    [
        ("output", "map[]"),
        ("metadata", "map[]"),
        ("children", "[]"),
        ("error", ""),
        ("state", "TODO"),
        ("try_count", "0"),
        ("max_retries", "10000"),
    ],
)
def test_a_step_that_did_not_run_has_all_seven_values_s33(handle, text):
    assert shown("{{.step.a." + handle + "}}", Step("a")) == text


def test_try_count_can_be_compared_with_a_number_s33():
    assert shown("{{ if eq .step.a.try_count 3 }}yes{{ end }}", Step("a", try_count=3)) == "yes"


def test_a_missing_step_is_no_value():
    assert shown("{{.step.nope.output.x}}", Step("a")) == "<no value>"


def test_all_steps_as_json_are_there_before_any_was_asked_for():
    assert shown("{{ (fromJson (toJson .step)).a.state }}", Step("a", state="DONE")) == "DONE"


def test_an_expression_sees_steps_that_no_text_has_asked_for():
    simulation = task(
        """
        variables: [{name: seen, expression: "step.a.output.x + Object.keys(step).length"}]
        steps:
          a: {action: *ok}
          b: {dependencies: [a], action: {type: act, configuration: {x: "{{ eval `seen` }}"}}}
        """,
        {"a": Answer(output={"x": "y"}), "b": lambda call: Answer(output=call.configuration)},
    )
    simulation.run()
    assert simulation.step("b").output == {"x": "y3"}


def test_this_is_the_step_itself():
    assert shown("{{.step.this.error}}", this=Step("a", error="oops")) == "oops"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ range $name, $step := .step }}{{ $name }}={{ $step.state }} {{ end }}", "a=DONE b=TODO "),
        ('{{ index .step "a" "output" }}', "one"),
        ('{{ field "step" "a" "output" }}', "one"),
        ("{{ len .step }}", "2"),
        ('{{ hasKey .step "a" }}{{ hasKey .step "z" }}', "truefalse"),
        ("{{ .step | keys | sortAlpha }}", "[a b]"),
        ("{{ (deepCopy .step).a.output }}", "one"),
        ("{{ (pick .step `a`) | toJson | len | lt 10 }}", "true"),
    ],
)
def test_all_steps_together_are_a_map_like_any_other(text, expected):
    assert shown(text, Step("a", state="DONE", output="one"), Step("b")) == expected


def test_all_steps_together_equal_the_plain_map_of_them():
    handles = StepHandles(HashTrieMap({"a": Step("a")}), None)
    assert handles == {"a": handles["a"]}
    assert dict(handles) == {**handles} == handles.copy()
    assert handles != {}


# --- snapshots


def test_a_try_sees_the_values_of_the_moment_when_it_began():
    seen = {}

    def slow(call):
        seen["at start"] = call.configuration
        return Answer()

    one = task(
        """
        steps:
          quick: {action: *ok}
          slow: {execution_delay: 5s, action: {type: act, configuration: "{{.step.quick.state}}"}}
        """,
        {"slow": slow, "quick": Answer(output={"x": 1})},
    )
    one.run()
    assert one.step("quick").last_run == EPOCH
    assert seen == {"at start": "RUNNING"}  # five seconds later quick was long done


def test_a_text_that_changes_a_map_changes_only_its_own_copy():
    one = task(
        """
        inputs: [{name: who, description: name}]
        steps:
          a: {action: {type: echo, configuration: {output: {k: v}}}}
          b: {dependencies: [a], action: {type: echo, configuration: {
            output: '{{ $_ := set .step.a.output "k" "new" }}{{ $_ := set .input "who" "new" }}{{ .input.who }}'}}}
          c: {dependencies: [b], action: {type: echo, configuration: {output: "{{.step.a.output.k}} {{.input.who}}"}}}
        """,
        inputs={"who": "me"},
    )
    one.run()
    assert (one.step("b").output, one.step("c").output) == ("new", "v me")


def test_an_output_of_this_run_has_the_numbers_of_a_stored_one():
    one = task(
        """
        steps:
          a: {action: *ok, conditions: [
            {type: check, if: [{value: "{{.step.this.output.id}}", operator: EQ, expected: "1619464078"}],
              then: {this: DONE}, message: exact}]}
        """,
        {"a": Answer(output={"id": 1619464078})},
    )
    one.run()
    assert one.step("a").error == "exact"
    assert type(one.step("a").output["id"]) is JSONNumber


# --- .task


def facts(**more):
    moment = datetime(2020, 1, 2, 3, 4, 5, 120_000, UTC)
    return TaskFacts("id", moment, moment, "me", **more)


def test_moments_are_texts_of_one_form_s34():
    assert task_handle(facts())["created"] == "2020-01-02T03:04:05.12Z"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 5, 1, 12, tzinfo=UTC), "2024-05-01T12:00:00Z"),
        (datetime(2024, 5, 1, 12, 0, 0, 1, UTC), "2024-05-01T12:00:00.000001Z"),
        (datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2024-05-01T10:00:00Z"),
    ],
)
def test_moments_are_in_utc_with_no_more_decimals_than_needed(moment, text):
    assert rfc3339(moment) == text


def test_what_the_resolution_brings_is_absent_before_there_is_one():
    handle = task_handle(facts(requester_groups=("a", "b"), resolver_groups=("r",)))
    assert handle["requester_groups"] == "a,b"
    assert not {"resolver_username", "resolution_id", "resolver_groups", "watcher_usernames"} & handle.keys()


def test_a_resolver_is_a_plain_text_that_can_be_compared_s34():
    handle = task_handle(facts(resolution_id="r", resolver_username="you", resolver_groups=("x",)))
    assert render('{{ if eq .task.resolver_username "you" }}yes{{ end }}', {"task": handle}) == "yes"
    assert handle["resolver_groups"] == "x"


def test_a_region_that_is_not_named_is_the_default_one():
    assert task_handle(facts())["region"] == "default"
    assert task_handle(facts(region="eu"))["region"] == "eu"


def test_configuration_items_are_seen_in_a_run_and_not_in_a_title():
    one = task(
        "steps: {s: {action: {type: echo, configuration: {output: '{{.config.item}}'}}}}",
        installation=Installation(config={"item": "value"}),
    )
    one.run()
    assert one.step("s").output == "value"
    assert one.resolution.values().handles_at_creation()["config"] == {}


# --- .pre_hook and .function_args


def test_a_pre_hook_is_seen_by_the_action_only():
    one = task(
        """
        steps:
          s:
            pre_hook: {type: hook, configuration: {x: "{{.pre_hook.output}}"}}
            action: {type: echo, configuration: {output: "{{.pre_hook.output.token}} {{.pre_hook.metadata.code}}"}}
            conditions: [{type: check, if: [], then: {this: DONE}, message: "{{.pre_hook}}"}]
        """,
        {"s:pre_hook": lambda call: Answer(output={"token": call.configuration["x"]}, metadata={"code": 7})},
    )
    one.run()
    assert (one.step("s").output, one.step("s").error) == ("<no value> 7", "<no value>")


OUTER = """
    name: outer
    pre_hook: {type: hook, configuration: {who: "{{.function_args.who}}"}}
    action: {type: inner, configuration: {whom: "dear {{.function_args.who}}"}}
"""
INNER = """
    name: inner
    action: {type: echo, configuration: {output: "{{.function_args.whom}}: {{.pre_hook.output}}"}}
"""


def test_arguments_go_inwards_and_a_function_s_pre_hook_sees_its_own_s35():
    one = task(
        "steps: {s: {action: {type: outer, configuration: {who: '{{ upper `me` }}'}}}}",
        {"s:pre_hook": lambda call: Answer(output=call.configuration["who"])},
        functions=(OUTER, INNER),
    )
    one.run()
    assert one.step("s").output == "dear ME: ME"


def test_arguments_of_a_function_never_reach_other_steps_s35():
    one = task(
        """
        steps:
          a: {action: {type: outer, configuration: {who: me}}}
          b: {dependencies: [a], action: {type: echo, configuration: {output: "{{.function_args}}"}}}
        """,
        functions=(OUTER, INNER),
    )
    one.run()
    assert one.step("b").output == "<no value>"


# --- variables


def test_variables_are_values_texts_and_expressions():
    one = task(
        """
        variables:
          - {name: list, value: {a: [1, 2]}}
          - {name: text, value: "{{ upper `x` }}"}
          - {name: sum, expression: "{{ 1 }} + 2"}
        steps:
          s: {action: {type: echo, configuration: {
            output: '{{ index (eval "list").a 1 }} {{ eval "text" }} {{ eval "sum" }}'}}}
        """
    )
    one.run()
    assert one.step("s").output == "2 X 3"


@pytest.mark.parametrize("function", ["eval", "evalCache"])
def test_a_text_that_changes_a_variable_changes_only_its_own_copy(function):
    one = task(
        f"""
        variables: [{{name: settings, value: {{k: v}}}}]
        steps:
          a: {{action: {{type: echo, configuration: {{output: [
            '{{{{ $_ := set ({function} "settings") "k" "new" }}}}', '{{{{ ({function} "settings").k }}}}']}}}}}}
          b: {{dependencies: [a], action: {{type: echo, configuration: {{output: '{{{{ (eval "settings").k }}}}'}}}}}}
        """
    )
    one.run()
    assert (one.step("a").output[1], one.step("b").output) == ("v", "v")


def test_a_variable_that_asks_for_itself_is_an_error_of_the_text():
    one = task(
        """
        variables: [{name: a, value: '{{ eval "b" }}'}, {name: b, value: '{{ eval "a" }}'}]
        steps: {s: {action: {type: echo, configuration: {output: '{{ eval "a" }}'}}}}
        """
    )
    assert one.run().state == R.BLOCKED_FATAL
    assert "asks for itself: a -> b -> a" in one.step("s").error


def test_an_unknown_variable_is_an_error():
    definition = defined("steps: {s: {action: *ok}}")
    with pytest.raises(GoError, match='no variable "x"'):
        Evaluation(definition, Installation(), {}, {}).evaluate("x")


def test_eval_cache_computes_once_in_a_try_and_again_in_the_next():
    one = task(
        """
        variables: [{name: dice, value: "{{ uuid }}"}]
        steps:
          s: {action: {type: echo, configuration: {output: ['{{ evalCache "dice" }}', '{{ evalCache "dice" }}']}}}
          t: {action: {type: echo, configuration: {output: '{{ evalCache "dice" }}'}}}
        """
    )
    one.run()
    first, second = one.step("s").output
    assert first == second != one.step("t").output


# --- the title


def test_a_title_that_names_the_task_is_made_again_when_a_run_begins_s71():
    definition = defined("inputs: [{name: who, description: name}]\nsteps: {s: {action: *ok}}")
    titled = replace(definition, title_format="{{.input.who}} by {{.task.resolver_username}}")
    one = Simulation(titled, inputs={"who": "me"})
    one.run()
    assert one.resolution.task.title == "me by resolver"


def test_a_title_that_cannot_be_rendered_stays_as_it_was():
    one = Simulation(replace(defined("steps: {s: {action: *ok}}"), title_format='{{ index .task "a" "b" }}'))
    one.run()
    assert one.resolution.task.title == ""
    assert any(move.event == "title not rendered" for move in one.timeline)
