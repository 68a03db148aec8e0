"""What becomes of an action's output: plain JSON, laid out, checked."""

from decimal import Decimal

import pytest

from tasks.engine.definition import ActionDefinition, OutputFormat, OutputStrategy, StepDefinition, TemplateDefinition
from tasks.engine.facts import Installation
from tasks.engine.gotemplate import JSONNumber, dumps
from tasks.engine.jobs import Answer, Failure
from tasks.engine.outputs import NotJSON, TooLarge, merged, plain_json
from tasks.engine.simulation import Simulation
from tasks.states import ResolutionState as R
from tests.engine.playing import edited, task

ENOUGH = 10_000


# --- plain JSON


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (12345678912345, "12345678912345"),
        (1619464078, "1619464078"),
        (-2.3, "-2.3"),
        (1e21, "1e+21"),
        (1.0, "1"),
        (Decimal("1.50"), "1.50"),
        (JSONNumber("1.10"), "1.10"),
    ],
)
def test_a_number_becomes_one_that_keeps_its_text(number, text):
    plain = plain_json(number, ENOUGH)
    assert (type(plain), plain.text) == (JSONNumber, text)


def test_lists_and_objects_are_copied_so_that_an_action_cannot_change_them_afterwards():
    inner: list[int] = []
    plain = plain_json({"a": (inner,)}, ENOUGH)
    inner.append(1)
    assert plain == {"a": [[]]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", object(), {1: 2}, {"a": {None: 1}}, {1, 2}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(NotJSON):
        plain_json(value, ENOUGH)


def test_a_value_that_contains_itself_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises((NotJSON, TooLarge)):
        plain_json(value, 1_000_000_000)


@pytest.mark.parametrize("value", ["x" * 200, ["x"] * 100, {"k" * 150: 1}, [[]] * 100])
def test_a_large_value_is_refused(value):
    with pytest.raises(TooLarge):
        plain_json(value, 100)


def test_booleans_and_null_stay():
    assert plain_json([True, False, None], ENOUGH) == [True, False, None]
    assert plain_json(True, ENOUGH) is True


# --- merging


def test_top_level_keys_of_the_output_replace_those_of_the_format():
    assert merged({"a": 1, "b": {"x": 1}}, {"b": {"y": 2}})[0] == {"a": 1, "b": {"y": 2}}


def test_without_output_the_format_is_the_output():
    assert merged({"a": 1}, None) == ({"a": 1}, "")


def test_an_output_that_is_no_object_is_lost_with_a_remark():
    output, lost = merged({"a": 1}, [1])
    assert output == {"a": 1}
    assert "no object" in lost


def test_a_null_format_changes_nothing():
    assert merged(None, [1]) == ([1], "")


# --- steps


def one_step(action, answer=None, **rest):
    one = task(f"steps: {{s: {{action: {action}{rest.pop('more', '')}}}}}", {"s": answer} if answer else None, **rest)
    one.run()
    return one


def test_a_template_format_sees_the_output_so_far_and_the_new_metadata_s43():
    one = one_step(
        "{type: act, configuration: {}, output: {strategy: template, format: {"
        'name: "{{.step.this.output.first}} {{.step.s.output.last}}", code: "{{.step.this.metadata.code}}"}}}',
        Answer(output={"first": "John", "last": "Doe"}, metadata={"code": 200}),
    )
    assert one.step("s").output == {"name": "John Doe", "code": "200"}


def test_numbers_in_a_format_stay_numbers_and_texts_stay_texts():
    one = one_step(
        "{type: act, configuration: {}, output: {strategy: template, format: {a: 1.50, b: '{{ 1 }}', c: [true, null]}}}"
    )
    assert dumps(one.step("s").output) == '{"a":1.5,"b":"1","c":[true,null]}'


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("template", "unable to format output: Templating error: template:"),
        ("merge", "failed to template base output: Templating error: template:"),
    ],
)
def test_a_format_that_cannot_be_rendered_is_a_fatal_error(strategy, told):
    one = one_step(
        f"{{type: act, configuration: {{}}, output: {{strategy: {strategy}, "
        "format: {foo: '{{ index .foo.unknown 3 }}'}}}"
    )
    assert (one.step("s").state, one.state) == ("FATAL_ERROR", R.BLOCKED_FATAL)
    assert told in one.step("s").error


def test_a_merge_format_that_is_no_object_is_a_fatal_error():
    action = ActionDefinition("act", {}, output=OutputFormat(OutputStrategy.MERGE, "text"))
    one = Simulation(TemplateDefinition("t", "t", "t", steps={"s": StepDefinition("s", action)}))
    one.run()
    assert (one.step("s").state, one.step("s").try_count) == ("FATAL_ERROR", 0)
    assert one.step("s").error == "the format of a merged output must be an object"


def test_a_failure_keeps_its_class_when_its_output_cannot_be_formatted_s47():
    one = one_step(
        "{type: act, configuration: {}, output: {strategy: template, format: '{{ index .step.this.output.x 3 }}'}}",
        Answer(failure=Failure.CLIENT, error="no such thing"),
    )
    step = one.step("s")
    assert (step.state, step.error) == ("CLIENT_ERROR", "no such thing")
    assert any("unable to format output" in move.detail for move in one.timeline)


def test_the_output_of_a_failure_is_formatted_too():
    one = one_step(
        "{type: act, configuration: {}, output: {strategy: merge, format: {seen: 'yes'}}}",
        Answer(output={"code": 1}, failure=Failure.SERVER, error="down"),
    )
    assert dumps(one.step("s").output) == '{"code":1,"seen":"yes"}'


def test_output_and_metadata_of_a_failure_replace_the_old_ones():
    one = task(
        "steps: {s: {action: *ok}}",
        {"s": [Answer(output={"a": 1}, metadata={"m": 1}, failure=Failure.SERVER), Answer(failure=Failure.SERVER)]},
    )
    one.run()
    assert dumps(one.step("s").metadata) == '{"m":1}'
    one.run(manual=True)
    assert (one.step("s").output, one.step("s").metadata) == (None, None)


def test_resources_that_are_not_had_leave_output_and_metadata_untouched_s72():
    one = task(
        "steps: {s: {action: *ok}}",
        {
            "s": [
                Answer(output={"id": "x"}, metadata={"m": "y"}, failure=Failure.NOT_READY),
                Answer(failure=Failure.NO_RESOURCES, error="socket"),
            ]
        },
    )
    one.run()
    step = one.step("s")
    assert (step.state, step.error) == ("TO_RETRY", "failed to acquire resources: socket")
    assert (step.output, step.metadata, step.try_count) == ({"id": "x"}, {"m": "y"}, 2)


def test_an_output_against_its_schema_is_a_fatal_error():
    one = one_step(
        "*ok", Answer(output={"id": "x"}), more=", json_schema: {properties: {id: {type: number}}, type: object}"
    )
    assert one.step("s").state == "FATAL_ERROR"
    assert one.step("s").error.startswith("the output does not fit json_schema: $.id: must be number")


def test_a_failed_action_is_not_held_against_the_schema():
    one = one_step("*ok", Answer(output=1, failure=Failure.CLIENT, error="no"), more=", json_schema: {type: object}")
    assert (one.step("s").state, one.step("s").error) == ("CLIENT_ERROR", "no")


def test_an_output_that_is_not_json_is_a_fatal_error_that_shows_it():
    one = one_step("*ok", Answer(output=1j))
    step = one.step("s")
    assert (step.state, step.output) == ("FATAL_ERROR", "1j")
    assert "not JSON" in step.error


def test_an_output_above_the_limit_is_a_fatal_error_and_is_not_kept():
    one = one_step("*ok", Answer(output="x" * 200), installation=Installation(max_output_bytes=100))
    step = one.step("s")
    assert (step.state, step.output, step.error) == (
        "FATAL_ERROR",
        None,
        "the output is larger than the 100 bytes allowed",
    )


def test_a_format_may_not_blow_the_output_up_beyond_the_limit():
    one = one_step(
        "{type: act, configuration: {}, output: {strategy: template, format: '{{ repeat 200 `x` }}'}}",
        installation=Installation(max_output_bytes=100),
    )
    assert one.step("s").state == "FATAL_ERROR"


def test_inner_formats_win_over_outer_ones_and_the_output_over_all():
    inner = (
        "name: inner\naction: {type: act, configuration: {},"
        " output: {strategy: merge, format: {a: inner, b: inner, c: inner}}}"
    )
    one = one_step(
        "{type: inner, configuration: {}, output: {strategy: merge, format: {b: outer, c: outer, d: outer}}}",
        Answer(output={"a": "act"}),
        functions=(inner,),
    )
    assert one.step("s").output == {"a": "act", "b": "inner", "c": "inner", "d": "outer"}


def test_a_merge_format_is_rendered_anew_at_every_try_s41():
    one = task(
        """
        steps:
          s: {action: {type: act, configuration: {}, output: {
            strategy: merge, format: {tries: "{{.step.this.try_count}}"}}},
            conditions: [{type: check, if: [
              {value: "{{.step.this.try_count}}", operator: LT, expected: "3"}], then: {this: RETRY_NOW}}]}
        """
    )
    one.run()
    assert one.step("s").output == {"tries": "2"}


def test_the_rendered_configuration_of_the_last_try_is_kept_for_display():
    one = task("steps: {s: {action: {type: act, configuration: {x: '{{ upper `a` }}'}}}}")
    one.run()
    assert one.step("s").configuration == {"x": "A"}


# --- the task's tags and result


def test_tags_of_an_action_are_laid_over_the_task_s_and_an_empty_value_deletes_s14():
    one = task(
        "steps: {s: {action: *ok}, t: {dependencies: [s], action: *ok}}",
        {"s": Answer(tags={"a": "1", "b": "2"}), "t": Answer(tags={"a": "", "c": None, "d": "4"})},
    )
    one.run()
    assert one.resolution.task.tags == {"b": "2", "d": "4"}


def test_a_result_is_rendered_in_lists_and_keys_too_s27():
    one = task("""
        result_format: {"{{ upper `k` }}": [{deep: "{{.step.s.output}}"}, 1, null]}
        steps: {s: {action: {type: echo, configuration: {output: text}}}}
    """)
    one.run()
    assert dumps(one.resolution.task.result) == '{"K":[{"deep":"text"},1,null]}'


def test_a_result_that_cannot_be_rendered_is_none_at_all_and_says_why_s27():
    one = task("""
        result_format: {good: "{{.step.s.output}}", bad: "{{ index .step.s.output.x 3 }}"}
        steps: {s: {action: {type: echo, configuration: {output: text}}}}
    """)
    one.run()
    assert (one.state, one.resolution.task.state, one.resolution.task.result) == (R.DONE, "DONE", None)
    assert one.resolution.task.result_error.startswith("Templating error")
    assert any(move.event == "result not rendered" for move in one.timeline)


def test_a_result_is_rendered_again_from_its_format_when_a_finished_task_is_run_again_s27():
    one = task(
        "result_format: {x: '{{.step.s.output}}'}\nsteps: {s: {action: {type: echo, configuration: {output: a}}}}"
    )
    one.run()
    again = edited(one, s="TODO")
    again.run(manual=True)
    assert again.resolution.task.result == {"x": "a"}
