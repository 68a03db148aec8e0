import pytest

from tasks.engine.catalog import ConfigFault, KnownNames
from tests.engine.template_texts import errors, template, warnings

OK = "action: {type: echo, configuration: {}}"


def head(**changes):
    texts = {"name": "example", "description": "abc", "title_format": "abc"} | changes
    return "".join(f"{name}: {text}\n" for name, text in texts.items() if text is not None)


class TestDocument:
    @pytest.mark.parametrize("name", ["name", "description", "title_format"])
    @pytest.mark.parametrize("text", [None, "", "ab", "a" * 1001, "ä" * 501])
    def test_a_required_text_has_3_to_1000_bytes(self, name, text):
        (error,) = errors("", head=head(**{name: text}))
        assert name in error
        assert "between 3 and 1,000 bytes" in error

    @pytest.mark.parametrize("text", ["abc", "a" * 1000, "ää"])
    def test_lengths_are_counted_in_bytes(self, text):
        assert errors("", head=head(description=text)) == []

    def test_the_name_is_measured_after_it_was_normalised(self):
        assert len(errors("", head=head(name='"  ab  "'))) == 1

    def test_a_link_that_is_given_has_3_to_1000_bytes(self):
        assert errors("doc_link: null") == []
        assert errors('doc_link: ""') == ["4: doc_link has 0 bytes. It must have between 3 and 1,000 bytes."]

    def test_a_long_description_has_3_to_100_000_bytes(self):
        assert errors("long_description: " + "a" * 100_000) == []
        assert len(errors("long_description: " + "a" * 100_001)) == 1

    def test_the_tag_of_subtasks_is_the_engines(self):
        (error,) = errors("tags: {_utask_parent_task_id: a}")
        assert error.startswith("4: ")

    def test_resolver_inputs_exclude_auto_runnable(self):
        assert len(errors("auto_runnable: true\nresolver_inputs: [{name: a}]")) == 1

    def test_allowing_all_resolvers_needs_auto_runnable(self):
        assert len(errors("allow_all_resolver_usernames: true")) == 1
        assert errors("allow_all_resolver_usernames: true\nauto_runnable: true") == []

    def test_a_template_without_steps_is_accepted(self):
        assert template("").steps == {}


class TestVariables:
    """Conformance case 72."""

    def test_a_variable_needs_a_name(self):
        assert errors("variables: [{name: '', value: 1}]") == ["4: A variable needs a name."]

    def test_value_and_expression_exclude_each_other(self):
        (error,) = errors("variables: [{name: a, value: 1, expression: '1'}]")
        assert "both value and expression" in error

    @pytest.mark.parametrize("variable", ["{name: a}", "{name: a, value: null, expression: ''}"])
    def test_one_of_value_and_expression_is_needed(self, variable):
        (error,) = errors(f"variables: [{variable}]")
        assert "neither value nor expression" in error

    @pytest.mark.parametrize("value", ["''", "false", "0", "[]"])
    def test_an_empty_value_is_a_value(self, value):
        assert errors(f"variables: [{{name: a, value: {value}}}]") == []

    def test_a_value_has_no_timeout(self):
        (error,) = errors("variables: [{name: a, value: foo, expression_timeout: 30s}]")
        assert "needs no expression_timeout" in error

    def test_a_timeout_must_be_a_duration(self):
        (error,) = errors("variables: [{name: a, expression: '1+1', expression_timeout: foo}]")
        assert '"foo" is no duration' in error

    @pytest.mark.parametrize("timeout", ["0", "-1s"])
    def test_a_timeout_that_is_over_at_once_is_warned_of(self, timeout):
        body = f"variables: [{{name: a, expression: '1+1', expression_timeout: '{timeout}'}}]"
        assert errors(body) == []
        assert len(warnings(body)) == 1

    def test_two_variables_of_one_name_are_warned_of(self):
        """Surprise 20."""
        body = "variables:\n  - {name: a, value: 1}\n  - {name: a, value: 2}\n"
        assert warnings(body) == ['6: There is another variable named "a". Give each its own name.']

    def test_javascript_that_does_not_parse_is_an_error(self):
        """Surprise 18."""
        (error,) = errors("variables: [{name: a, expression: 'var x = ;'}]")
        assert "SyntaxError" in error

    def test_javascript_that_is_rendered_first_is_not_parsed(self):
        assert errors("variables: [{name: a, expression: '{{ .input.x }} = ;'}]\ninputs: [{name: x}]") == []


class TestInputs:
    @pytest.mark.parametrize("kind", ["inputs", "resolver_inputs"])
    def test_regex_and_legal_values_exclude_each_other(self, kind):
        (error,) = errors(f"{kind}: [{{name: a, regex: ^a$, legal_values: [a]}}]")
        assert "both regex and legal_values" in error
        assert errors(f"{kind}: [{{name: a, regex: ^a$, legal_values: []}}]") == []

    @pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\\1"])
    def test_a_regex_must_be_legal_for_re2(self, pattern):
        (error,) = errors(f'inputs: [{{name: a, regex: "{pattern}"}}]')
        assert error.startswith('4: The regex of the input "a" is not legal')

    def test_a_regex_without_anchors_is_warned_of(self):
        """Surprise 31."""
        (warning,) = warnings("inputs: [{name: a, regex: '[0-9]+'}]")
        assert "^" in warning
        assert warnings("inputs: [{name: a, regex: '^[0-9]+$'}]") == []

    def test_an_unknown_type_is_refused(self):
        assert errors("inputs: [{name: a, type: String}]") == ['4: "String" is no type. Did you mean "string"?']

    @pytest.mark.parametrize("values", ["[yes]", "[1]"])
    def test_legal_values_are_of_the_inputs_type(self, values):
        (error,) = errors(f"inputs: [{{name: a, legal_values: {values}}}]")
        assert error.endswith("Put it in quotes.")

    def test_null_is_a_legal_value_of_every_type(self):
        assert errors("inputs: [{name: a, type: number, legal_values: [null, 1]}]") == []

    @pytest.mark.parametrize(
        "rest",
        [
            "default: y",
            "default: c, legal_values: [a, b]",
            "default: c, regex: ^a",
            "type: number, default: ''",
            "type: bool, default: 'true'",
            "collection: true, default: a",
            "collection: true, default: [1]",
            "default: 'a\"b'",
        ],
    )
    def test_a_default_must_be_acceptable_itself(self, rest):
        (error,) = errors(f"inputs: [{{name: a, {rest}}}]")
        assert 'The default of the input "a" is not acceptable' in error

    @pytest.mark.parametrize(
        "rest",
        ["default: ''", "default: '', regex: ^a", "type: bool, default: false", "type: number, default: 0"],
    )
    def test_an_empty_default_is_acceptable(self, rest):
        assert errors(f"inputs: [{{name: a, {rest}}}]") == []

    def test_a_collection_may_have_a_default(self):
        """Surprise 28."""
        assert errors("inputs: [{name: a, collection: true, default: [v, w]}]") == []

    def test_a_large_number_is_a_default_that_its_regex_sees_as_written(self):
        """Surprise 32."""
        assert errors("inputs: [{name: a, type: number, default: 1000000, regex: '^[0-9]+$'}]") == []

    def test_a_password_is_in_no_message(self):
        """Surprise 14."""
        (error,) = errors("inputs: [{name: a, type: password, default: secret, regex: ^a}]")
        assert "secret" not in error

    @pytest.mark.parametrize("body", ["inputs: [{name: a}, {name: a}]", "inputs: [{name: ''}]", "inputs: [null]"])
    def test_inputs_without_a_name_of_their_own_are_warned_of(self, body):
        """Surprise 20."""
        assert errors(body) == []
        assert warnings(body)


def step(rest, more=""):
    return f"steps:\n  a: {{{OK}, {rest}}}\n{more}"


class TestSteps:
    def test_no_step_is_called_this(self):
        assert len(errors(f"steps: {{this: {{{OK}}}}}")) == 1

    def test_a_step_that_no_dependency_can_name_is_warned_of(self):
        (warning,) = warnings(f"steps: {{'a:b': {{{OK}}}}}")
        assert "colon" in warning

    def test_a_step_named_like_a_child_of_a_loop_is_refused(self):
        """engine.md S10."""
        (error,) = errors(f"steps:\n  a: {{{OK}, foreach: '[]'}}\n  a-12: {{{OK}}}\n  b-1: {{{OK}}}\n")
        assert error.startswith("6, step a-12: ")

    def test_a_name_with_a_number_is_fine_beside_a_step_that_is_no_loop(self):
        assert errors(f"steps:\n  a: {{{OK}}}\n  a-12: {{{OK}}}\n") == []

    @pytest.mark.parametrize("delay", ["-1", "20000000001", "21s"])
    def test_an_execution_delay_is_between_0_and_20_seconds(self, delay):
        (error,) = errors(step(f"execution_delay: {delay}"))
        assert "between 0 and 20 s" in error

    def test_an_execution_delay_of_20_seconds_is_accepted(self):
        assert errors(step("execution_delay: 20000000000")) == []

    def test_a_timeout_is_not_negative(self):
        assert len(errors(step("timeout: -1s"))) == 1

    @pytest.mark.parametrize("pattern", ["days", "Seconds"])
    def test_a_retry_pattern_is_an_exact_word(self, pattern):
        assert len(errors(step(f"retry_pattern: {pattern}"))) == 1

    def test_an_empty_retry_pattern_means_seconds(self):
        assert errors(step("retry_pattern: ''")) == []

    def test_a_foreach_strategy_needs_a_foreach(self):
        assert len(errors(step("foreach_strategy: parallel"))) == 1
        assert errors(step("foreach_strategy: sequence, foreach: '[]'")) == []

    def test_a_foreach_strategy_is_a_known_word(self):
        assert len(errors(step("foreach_strategy: random, foreach: '[]'"))) == 1

    @pytest.mark.parametrize("foreach", ["a", "{}", "1", "[1"])
    def test_a_foreach_that_can_never_be_a_list_is_refused(self, foreach):
        assert len(errors(step(f"foreach: '{foreach}'"))) == 1

    @pytest.mark.parametrize("foreach", ["[]", "null", "[1] and more", " [1]", "{{ .iterator }}"])
    def test_a_foreach_may_become_a_list(self, foreach):
        assert errors(step(f"foreach: '{foreach}'")) == []

    @pytest.mark.parametrize("state", ["TODO", "DONE", "ANY", "EXPANDED", "RETRY_NOW", "WAITING"])
    def test_a_builtin_state_is_no_custom_state(self, state):
        assert len(errors(step(f"custom_states: [{state}]"))) == 1

    @pytest.mark.parametrize("state", ["done", "''", "OK"])
    def test_any_other_word_is_a_custom_state(self, state):
        assert errors(step(f"custom_states: [{state}]")) == []

    @pytest.mark.parametrize(
        "rest",
        [
            "state: DONE",
            "children_steps: []",
            "children_steps_map: {}",
            "output: ''",
            "metadata: {}",
            "tags: {}",
            "children: []",
            "error: x",
            "try_count: 1",
            "last_run: 2020-01-01T00:00:00Z",
            "item: 0",
        ],
    )
    def test_what_happens_to_a_step_cannot_be_set(self, rest):
        assert len(errors(step(rest))) == 1

    @pytest.mark.parametrize(
        "rest", ["state: ''", "try_count: 0", "error: ''", "last_run: 0001-01-01T00:00:00Z", "tags: null", "item: null"]
    )
    def test_nothing_happened_may_be_said(self, rest):
        assert errors(step(rest)) == []


class TestSchemas:
    @pytest.mark.parametrize(
        ("schema", "draft"),
        [
            ('{"$schema": "http://json-schema.org/draft-06/schema#"}', "06"),
            ("{version: 4}", "04"),
            ("{version: 6}", "06"),
            ("{version: nothing}", "07"),
            ("{type: object}", "07"),
        ],
    )
    def test_the_draft_is_filled_in(self, schema, draft):
        """Conformance case 17."""
        read = template(step(f"json_schema: {schema}")).steps["a"].json_schema
        assert read["$schema"] == f"http://json-schema.org/draft-{draft}/schema#"
        assert "version" not in read

    @pytest.mark.parametrize("schema", ["true", "false"])
    def test_a_boolean_is_a_schema(self, schema):
        assert template(step(f"json_schema: {schema}")).steps["a"].json_schema is (schema == "true")

    @pytest.mark.parametrize(
        "schema",
        [
            "{type: nothing}",
            '{"$schema": "https://json-schema.org/draft/2019-09/schema"}',
            '{"$ref": "https://example.org/schema"}',
            '{"$ref": "#/nowhere"}',
            "{pattern: '('}",
            "[a]",
            "text",
        ],
    )
    def test_what_is_no_schema_is_refused(self, schema):
        assert len(errors(step(f"json_schema: {schema}"))) == 1

    def test_the_fault_of_a_schema_has_its_line(self):
        body = f"steps:\n  a:\n    {OK}\n    json_schema:\n      properties:\n        x:\n          type: nope\n"
        (error,) = errors(body)
        assert error.startswith("10, step a: The json_schema is none: $.properties.x.type")


class TestDependencies:
    STEPS = "steps:\n  sayHello: {%s, custom_states: [NOT_FOUND, ALREADY_EXISTS]}\n  step2: {%s, dependencies: [%s]}\n"

    @pytest.mark.parametrize(
        "dependencies", ["sayHello", "'sayHello:NOT_FOUND,DONE'", "'sayHello:ANY'", "'sayHello:NOT_FOUND'"]
    )
    def test_a_step_may_be_waited_for_in_the_states_that_it_can_end_in(self, dependencies):
        """Conformance case 73."""
        assert errors(self.STEPS % (OK, OK, dependencies)) == []

    @pytest.mark.parametrize(
        ("dependencies", "reason"),
        [
            ("'sayHello:ANY,NOT_FOUND'", "ANY beside another state"),
            ("'sayHello:DONE,NOT_FOUND,ALREADY_EXISTS,DONE'", 'the state "DONE" twice'),
            ("'sayHello:ALREADY_EXISTS, NOT_FOUND'", 'the state " NOT_FOUND"'),
            ("'sayHello:'", 'the state ""'),
            ("'sayHello:foobar'", 'the state "foobar"'),
            ("sayHello, foobar", '"foobar", which is no step'),
            ("sayHello, 'sayHello:NOT_FOUND'", "more than once"),
        ],
    )
    def test_a_dependency_that_cannot_be_met_is_refused(self, dependencies, reason):
        """Conformance case 74."""
        found = errors(self.STEPS % (OK, OK, dependencies))
        assert found
        assert all(reason in error for error in found)
        assert all(error.startswith("6, step step2") for error in found)

    @pytest.mark.parametrize("dependency", ["a:PRUNE", "a:DONE,PRUNE"])
    def test_a_step_may_be_waited_for_as_pruned(self, dependency):
        """engine.md 14."""
        assert errors(f"steps:\n  a: {{{OK}}}\n  b: {{{OK}, dependencies: ['{dependency}']}}\n") == []

    def test_steps_that_wait_for_each_other_are_refused_once(self):
        (error,) = errors(
            f"steps:\n  a: {{{OK}, dependencies: [c]}}\n  b: {{{OK}, dependencies: [a]}}\n"
            f"  c: {{{OK}, dependencies: [b]}}\n  d: {{{OK}, dependencies: [c]}}\n"
        )
        assert '"a" waits for "c" waits for "b" waits for "a"' in error


def condition(text, rest=""):
    return (
        "steps:\n"
        f"  first: {{{OK}}}\n"
        f"  a: {{{OK}, dependencies: [first], custom_states: [OWN], {rest} conditions: [{text}]}}\n"
        f"  last: {{{OK}, dependencies: [a], custom_states: [LATE]}}\n"
        f"  apart: {{{OK}}}\n"
    )


class TestConditions:
    @pytest.mark.parametrize("type_", ["Skip", "other", "''"])
    def test_the_type_is_skip_or_check(self, type_):
        found = errors(condition(f"{{type: {type_}, then: {{this: DONE}}}}"))
        assert len(found) <= 1
        assert found or type_ == "''"

    def test_the_type_is_needed(self):
        (error,) = errors(condition("{then: {this: DONE}}"))
        assert 'A condition needs "type"' in error

    @pytest.mark.parametrize("operator", ["EQ", "ne", "Gt", "LT", "GE", "LE", "regexp", "NOTREGEXP", "IN", "notin"])
    def test_operators_are_known_in_any_case(self, operator):
        assert errors(condition(f"{{type: check, if: [{{operator: {operator}}}], then: {{this: DONE}}}}")) == []

    def test_an_unknown_operator_is_refused(self):
        (error,) = errors(condition("{type: check, if: [{operator: LIKE}], then: {this: DONE}}"))
        assert 'unknown operator "LIKE"' in error

    def test_an_operator_is_needed(self):
        (error,) = errors(condition("{type: check, if: [{value: a}], then: {this: DONE}}"))
        assert 'An assertion needs "operator"' in error

    @pytest.mark.parametrize("operator", ["REGEXP", "notregexp"])
    def test_a_pattern_must_be_legal_as_it_is_written(self, operator):
        assertion = "{type: check, if: [{operator: %s, expected: '%s'}], then: {this: DONE}}"
        assert len(errors(condition(assertion % (operator, "(")))) == 1
        assert errors(condition(assertion % (operator, "^{{ .task.region }}$"))) == []

    @pytest.mark.parametrize(
        "then", ["{this: OWN}", "{first: TO_RETRY}", "{last: LATE}", "{this: DONE, last: PRUNE}", "{first: RETRY_NOW}"]
    )
    def test_a_condition_changes_its_step_and_those_of_its_chain(self, then):
        assert errors(condition(f"{{type: check, then: {then}}}")) == []

    @pytest.mark.parametrize(
        ("then", "reason"),
        [
            ("{a: DONE}", 'Write "this"'),
            ("{nobody: DONE}", "no step"),
            ("{apart: DONE}", "same chain"),
            ("{this: LATE}", 'the state "LATE"'),
            ("{last: OWN}", 'the state "OWN"'),
            ("{this: RUNNING}", 'the state "RUNNING"'),
            ("{this: SERVER_ERROR}", 'the state "SERVER_ERROR"'),
            ("{this: ''}", 'the state ""'),
        ],
    )
    def test_a_condition_changes_nothing_else(self, then, reason):
        (error,) = errors(condition(f"{{type: check, then: {then}}}"))
        assert reason in error

    def test_in_a_loop_the_own_name_means_the_loop(self):
        loop = "foreach: '[]',"
        assert errors(condition("{type: check, then: {a: TO_RETRY, this: OWN}}", loop)) == []

    def test_foreach_is_for_skip_conditions_of_loops(self):
        loop = "foreach: '[]',"
        assert errors(condition("{type: skip, foreach: parent, then: {this: PRUNE}}", loop)) == []
        assert len(errors(condition("{type: check, foreach: parent, then: {this: PRUNE}}", loop))) == 1
        assert len(errors(condition("{type: skip, foreach: parent, then: {this: PRUNE}}"))) == 1
        assert len(errors(condition("{type: skip, foreach: invalid, then: {this: PRUNE}}", loop))) == 1

    def test_a_skip_that_gives_the_step_no_state_is_warned_of(self):
        """Surprise 8, engine.md S4."""
        body = condition("{type: skip, then: {last: PRUNE}}")
        assert errors(body) == []
        (warning,) = warnings(body)
        assert "becomes PRUNE" in warning
        assert warnings(condition("{type: check, then: {last: PRUNE}}")) == []

    def test_a_skip_that_gives_retry_now_is_warned_of(self):
        """engine.md S39."""
        (warning,) = warnings(condition("{type: skip, then: {this: RETRY_NOW}}"))
        assert "TO_RETRY" in warning


class TestActions:
    def test_an_unknown_action_is_refused_with_a_suggestion(self):
        assert errors("steps: {a: {action: {type: Echo, configuration: {}}}}") == [
            '4, step a: There is no action "Echo". Did you mean "echo"?'
        ]

    def test_without_a_catalog_nothing_is_said_of_actions(self):
        assert errors("steps: {a: {action: {type: anything, configuration: {}}}}", catalog=None) == []

    def test_a_step_needs_an_action_and_an_action_a_type(self):
        (error,) = errors("steps: {a: {description: none}}")
        assert 'A step needs "action"' in error
        (error,) = errors("steps: {a: {action: {configuration: {}}}}")
        assert 'An action needs "type"' in error

    def test_a_base_configuration_must_be_declared(self):
        (error,) = errors("steps: {a: {action: {type: echo, configuration: {}, base_configuration: nope}}}")
        assert 'no base configuration "nope"' in error

    def test_a_pre_hook_is_checked_like_an_action(self):
        (error,) = errors(step("pre_hook: {type: nope, configuration: {}}"))
        assert 'no action "nope"' in error

    def test_an_unknown_output_strategy_is_refused(self):
        assert len(errors("steps: {a: {action: {type: echo, configuration: {}, output: {strategy: Merge}}}}")) == 1

    def test_a_format_without_strategy_is_warned_of(self):
        (warning,) = warnings("steps: {a: {action: {type: echo, configuration: {}, output: {format: {a: 1}}}}}")
        assert "no effect" in warning

    @pytest.mark.parametrize("output", ["output: {strategy: merge, format: text}", "base_output: [a]"])
    def test_only_an_object_can_be_merged(self, output):
        assert len(errors(f"steps: {{a: {{action: {{type: echo, configuration: {{}}, {output}}}}}}}")) == 1

    @pytest.mark.parametrize("output", ["output: {strategy: merge, format: null}", "output: null", "base_output: null"])
    def test_merging_nothing_has_no_effect(self, output):
        assert errors(f"steps: {{a: {{action: {{type: echo, configuration: {{}}, {output}}}}}}}") == []


class Strict(KnownNames):
    """A catalog whose action wants ``to`` and dislikes ``from``."""

    def check(self, type, base_configuration, configuration):
        given = {**(base_configuration or {}), **(configuration or {})}
        if "to" not in given:
            yield ConfigFault((), "to is missing", "Add it.")
        if "from" in (configuration or {}):
            yield ConfigFault(("from",), "from is odd", level="warning")
        if "from" in (base_configuration or {}):
            yield ConfigFault(("from",), "from is odd", level="warning", origin="base_configuration")


class TestCatalog:
    CATALOG = Strict(frozenset({"mail"}))

    def test_what_an_action_says_of_its_configuration_has_its_place(self):
        body = "steps:\n  a:\n    action:\n      type: mail\n      configuration:\n        from: x\n"
        assert errors(body, catalog=self.CATALOG) == ["8, step a: mail: to is missing Add it."]
        assert warnings(body, catalog=self.CATALOG) == ["9, step a: mail: from is odd"]

    def test_a_base_configuration_is_laid_under_and_has_its_own_place(self):
        body = (
            "base_configurations:\n  b:\n    to: y\n    from: z\n"
            "steps: {a: {action: {type: mail, base_configuration: b, configuration: {}}}}\n"
        )
        assert errors(body, catalog=self.CATALOG) == []
        assert warnings(body, catalog=self.CATALOG) == ["7, step a: mail: from is odd"]
