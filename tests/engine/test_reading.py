from datetime import timedelta

import pytest

from tasks.engine import parse_template
from tasks.engine.definition import (
    ConditionType,
    ForeachScope,
    ForeachStrategy,
    InputType,
    OutputFormat,
    OutputStrategy,
    RetryPattern,
)
from tasks.engine.errors import Level
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tests.engine.template_texts import HEAD, errors, parse, template, warnings


def test_a_whole_template_is_read():
    definition = template(
        """
        long_description: Much longer
        doc_link: https://docs.example
        result_format: {answer: "{{.step.ask.output.answer}}", list: [1, "{{.input.who}}"]}
        allowed_resolver_usernames: [ann]
        allowed_resolver_groups: [admins]
        allow_all_resolver_usernames: true
        auto_runnable: true
        blocked: true
        hidden: true
        retry_max: 7
        allow_task_start_over: true
        region: eu
        tags: {team: blue}
        inputs:
          - {name: who, description: Whom to ask, type: string, regex: "^a", optional: true, hidden: true}
          - {name: sizes, type: number, collection: true, legal_values: [1, 2.5], default: [1]}
        variables:
          - {name: fixed, value: {a: [1, true]}}
          - {name: computed, expression: "1 + 1", expression_timeout: 1m30s}
        base_configurations:
          common: {output: 1}
        steps:
          ask:
            description: Asks
            idempotent: true
            action: {type: echo, configuration: {output: {answer: 42}}, base_configuration: common}
            pre_hook: {type: echo, configuration: null}
            json_schema: {type: object}
            retry_pattern: hours
            max_retries: -1
            execution_delay: 5s
            timeout: 1h
            custom_states: [LATE]
            resources: [printer]
          each:
            dependencies: ["ask:DONE,LATE"]
            foreach: '["a"]'
            foreach_strategy: sequence
            action: {type: echo, configuration: {}, output: {strategy: template, format: {b: 1}}}
            conditions:
              - type: skip
                foreach: parent
                final: true
                message: none to do
                if: [{value: a, operator: eq, expected: b, list_separator: ";", message: note}]
                then: {this: PRUNE}
        """
    )
    assert definition.name == "example"
    assert definition.long_description == "Much longer"
    assert definition.doc_link == "https://docs.example"
    assert definition.result_format == {"answer": "{{.step.ask.output.answer}}", "list": [1, "{{.input.who}}"]}
    assert definition.allowed_resolver_usernames == ("ann",)
    assert definition.allowed_resolver_groups == ("admins",)
    assert definition.allow_all_resolver_usernames
    assert definition.auto_runnable
    assert definition.blocked
    assert definition.hidden
    assert definition.retry_max == 7
    assert definition.allow_task_start_over
    assert definition.region == "eu"
    assert definition.tags == {"team": "blue"}
    assert definition.base_configurations == {"common": {"output": 1}}
    who, sizes = definition.inputs
    assert (who.name, who.type, who.regex, who.optional, who.hidden) == ("who", InputType.STRING, "^a", True, True)
    assert (sizes.type, sizes.collection, sizes.legal_values, sizes.default) == (InputType.NUMBER, True, (1, 2.5), [1])
    fixed, computed = definition.variables
    assert fixed.value == {"a": [1, True]}
    assert computed.expression_timeout == timedelta(seconds=90)
    ask, each = definition.steps.values()
    assert ask.action.base_configuration == "common"
    assert ask.pre_hook is not None
    assert ask.retry_pattern is RetryPattern.HOURS
    assert ask.max_retries == -1
    assert ask.execution_delay == timedelta(seconds=5)
    assert ask.timeout == timedelta(hours=1)
    assert ask.custom_states == ("LATE",)
    assert ask.resources == ("printer",)
    assert each.foreach_strategy is ForeachStrategy.SEQUENCE
    assert each.dependencies[0].states == {"DONE", "LATE"}
    assert each.action.output == OutputFormat(OutputStrategy.TEMPLATE, {"b": 1})
    (condition,) = each.conditions
    assert (condition.type, condition.foreach, condition.final) == (ConditionType.SKIP, ForeachScope.PARENT, True)
    assert condition.then == (("this", "PRUNE"),)
    (assertion,) = condition.assertions
    assert (assertion.operator, assertion.list_separator, assertion.message) == ("EQ", ";", "note")


def test_the_name_is_made_lower_case_and_freed_of_outer_white_space():
    assert template("", head='name: " My Template\u00a0"\ndescription: abc\ntitle_format: abc\n').name == "my template"


def test_names_are_matched_whatever_their_case():
    definition = template("BLOCKED: true\nSteps:\n  a: {Action: {TYPE: echo, Configuration: {}}}")
    assert definition.blocked
    assert definition.steps["a"].action.type == "echo"


@pytest.mark.parametrize("body", ["Hidden: false\nhidden: true", "hidden: true\nHidden: false"])
def test_of_two_spellings_of_a_name_the_exact_one_wins(body):
    assert template(body).hidden


def test_an_unknown_key_is_warned_of_with_a_suggestion():
    step = "steps:\n  a:\n    action: {type: echo, configuration: {}}\n    retry_paterns: minutes\n"
    assert warnings(step) == ['7, step a: A step has no "retry_paterns". Did you mean "retry_pattern"?']


def test_an_extra_key_at_the_top_may_hold_what_aliases_refer_to():
    assert warnings("shared: &ok {type: echo, configuration: {}}\nsteps:\n  a: {action: *ok}") == []


def test_a_key_of_old_documents_is_warned_of_with_what_to_do_instead():
    (warning,) = warnings("allowed_resolver_tokens: []")
    assert "allowed_resolver_usernames" in warning


def test_scalars_become_texts_where_texts_are_declared():
    definition = template(
        """
        tags: {a: 1, b: yes, c: 010, d: 1.50, e: null}
        steps:
          a:
            description: 3.14159265358979
            action: {type: echo, configuration: {}}
            conditions: [{type: check, if: [{value: 1, operator: EQ, expected: on}], then: {this: DONE}}]
        """
    )
    assert definition.tags == {"a": "1", "b": "true", "c": "8", "d": "1.5", "e": ""}
    step = definition.steps["a"]
    assert step.description == "3.1415927"
    assert (step.conditions[0].assertions[0].value, step.conditions[0].assertions[0].expected) == ("1", "true")


def test_numbers_in_free_values_keep_their_digits():
    configuration = (
        template("steps: {a: {action: {type: echo, configuration: {output: [12345678901234567890, 1e3, 1.10]}}}}")
        .steps["a"]
        .action.configuration
    )
    assert [str(number) for number in configuration["output"]] == ["12345678901234567890", "1000", "1.1"]
    assert all(isinstance(number, JSONNumber) for number in configuration["output"])


def test_keys_of_free_values_are_texts():
    assert template("result_format: {1: a, yes: b}").result_format == {"1": "a", "true": "b"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("blocked: perhaps", "4: Expected true or false, got a text."),
        ("blocked: 1", "4: Expected true or false, got a number."),
        ("retry_max: 1.5", "4: Expected a whole number, got 1.5."),
        ("retry_max: ten", "4: Expected a whole number, got a text."),
        ("retry_max: 9223372036854775808", "4: Expected a whole number, got 9223372036854775808."),
        ("allowed_resolver_usernames: ann", "4: Expected a list, got a text."),
        ("tags: [a]", "4: Expected an object, got a list."),
        ("tags: {a: {b: c}}", "4: Expected a text, got an object."),
        ("inputs: {name: a}", "4: Expected a list, got an object."),
        ("steps: [a]", "4: Expected an object, got a list."),
        ("result_format: text", "4: Expected an object, got a text."),
        ("result_format: {a: .inf}", "4: JSON has no +Inf. Quote it to have it as a text."),
    ],
)
def test_a_value_of_another_kind_than_declared_is_refused(line, complaint):
    assert errors(line) == [complaint]


def test_a_foreach_that_is_a_yaml_list_is_refused():
    assert errors("steps: {a: {foreach: [1, 2], action: {type: echo, configuration: {}}}}") == [
        "4, step a: Expected a text, got a list."
    ]


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("1000000000", timedelta(seconds=1)),
        ("2e9", timedelta(seconds=2)),
        ("5s", timedelta(seconds=5)),
        ("1500ms", timedelta(seconds=1.5)),
        ('""', timedelta(0)),
        ("null", timedelta(0)),
    ],
)
def test_an_execution_delay_is_nanoseconds_or_a_duration(written, span):
    """Surprise 23: numbers stay nanoseconds, durations are accepted too."""
    step = f"steps: {{a: {{execution_delay: {written}, action: {{type: echo, configuration: {{}}}}}}}}"
    assert template(step).steps["a"].execution_delay == span


def test_a_duration_without_unit_is_refused():
    (error,) = errors("steps: {a: {timeout: '5', action: {type: echo, configuration: {}}}}")
    assert "lacks a unit" in error


def test_null_is_the_empty_value_of_every_kind():
    definition = template(
        "long_description: null\nblocked: ~\nretry_max:\ntags:\nsteps:\ninputs:\nbase_configurations:\nresult_format:\n"
    )
    assert definition.long_description is None
    assert (definition.blocked, definition.retry_max, definition.tags) == (False, None, {})
    assert (definition.steps, definition.inputs, definition.base_configurations) == ({}, (), {})


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("steps: {a: null}", '4, step a: The step "a" is empty: its value is null.'),
        (
            "steps: {a: {action: {type: echo, configuration: {}}, conditions: [null]}}",
            "4, step a: A condition is null. Remove it.",
        ),
        (
            "steps: {a: {action: {type: echo, configuration: {}}, json_schema: null}}",
            "4, step a: A JSON schema must be an object, true or false, not null.",
        ),
    ],
)
def test_null_where_the_original_crashes_is_an_error_with_its_place(body, complaint):
    """Surprise 4."""
    assert errors(body) == [complaint]


def test_a_null_assertion_counts_as_met():
    conditions = "conditions: [{type: check, if: [null], then: {this: DONE}}]"
    (assertion,) = (
        template(f"steps: {{a: {{action: {{type: echo, configuration: {{}}}}, {conditions}}}}}")
        .steps["a"]
        .conditions[0]
        .assertions
    )
    assert (assertion.value, assertion.operator, assertion.expected) == ("", "EQ", "")


def test_a_key_given_twice_is_warned_of_with_both_lines_and_the_last_counts():
    """Surprise 21."""
    body = "hidden: false\nblocked: true\nhidden: true\n"
    assert template(body).hidden
    assert warnings(body) == ['6: "hidden" is given twice, on lines 4 and 6; the second counts. Remove one of them.']


def test_a_key_that_overrides_a_merged_one_is_not_given_twice():
    body = "base: &base {type: echo, configuration: {}}\nsteps: {a: {action: {<<: *base, configuration: null}}}"
    assert warnings(body) == []


def test_only_the_first_document_counts_and_the_others_are_warned_of():
    """Surprise 22."""
    body = "hidden: true\n---\nname: other\n"
    assert template(body).hidden
    (warning,) = warnings(body)
    assert "first document" in warning


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "A template must be an object, not null."),
        ("- a\n", "A template must be an object, not a list."),
        ("name: a\n\tdescription: b\n", "tab"),
        ("name: [a\n", ""),
    ],
)
def test_a_text_that_is_no_mapping_is_refused(text, complaint):
    definition, problems = parse_template(text, "bad.yaml")
    assert definition is None
    first = next(problem for problem in problems if problem.level is Level.ERROR)
    assert first.file == "bad.yaml"
    assert complaint.lower() in str(first).lower()


def test_a_document_that_nests_beyond_reason_is_refused():
    definition, problems = parse_template(HEAD + "x: " + "[" * 5000 + "]" * 5000, "deep.yaml")
    assert definition is None
    assert "nests" in str(problems[0])


def test_all_problems_are_told_at_once_in_order_of_lines():
    _, problems = parse(
        """
        retry_max: many
        inputs: [{name: a, type: text}]
        steps:
          one: {dependencies: [tow], action: {type: ehco, configuration: {}}}
          two: {retry_pattern: days, action: {type: echo}}
        """
    )
    assert [(problem.line, problem.step) for problem in problems] == [
        (4, None),
        (5, None),
        (7, "one"),
        (7, "one"),
        (8, "two"),
        (8, "two"),
    ]


def test_a_problem_prints_its_file_line_step_what_and_mend():
    _, problems = parse(
        """
        steps:
          two: {action: &ok {type: echo, configuration: {}}}
          one: {action: *ok, dependencies: [tow]}
        """
    )
    assert str(problems[0]) == 'example.yaml:6, step one: Waits for "tow", which is no step. Did you mean "two"?'


def test_old_and_new_spelling_of_a_merged_output_say_the_same():
    steps = template(
        """
        steps:
          old: {action: {type: echo, configuration: {}, base_output: {a: 1}}}
          new: {action: {type: echo, configuration: {}, output: {strategy: merge, format: {a: 1}}}}
        """
    ).steps
    assert steps["old"].action.output == steps["new"].action.output == OutputFormat(OutputStrategy.MERGE, {"a": 1})
    assert steps["old"].action.base_output == {"a": 1}


def test_given_both_spellings_the_old_one_wins():
    action = "{type: echo, configuration: {}, base_output: {a: 1}, output: {strategy: template, format: {b: 1}}}"
    assert template(f"steps: {{a: {{action: {action}}}}}").steps["a"].action.output.format == {"a": 1}


def test_a_missing_configuration_is_not_the_same_as_null():
    action = template("steps: {a: {action: {type: echo, configuration: null}}}").steps["a"].action
    assert action.has_configuration
    assert errors("steps: {a: {action: {type: echo}}}") == [
        "4, step a: The action has no configuration. Write configuration: {} where it needs none."
    ]


def test_steps_and_then_keep_the_order_of_writing():
    definition = template(
        """
        steps:
          b: {action: &ok {type: echo, configuration: {}}}
          c: {action: *ok, dependencies: [b]}
          a:
            action: *ok
            dependencies: [c]
            conditions: [{type: check, then: {c: TO_RETRY, this: DONE, b: TO_RETRY}}]
        """
    )
    assert list(definition.steps) == ["b", "c", "a"]
    assert [target for target, _ in definition.steps["a"].conditions[0].then] == ["c", "this", "b"]
