import pytest

from tasks.engine import parse_function
from tasks.engine.errors import Level
from tasks.engine.functions import (
    FunctionCycle,
    chain,
    chain_in,
    conditions_of,
    custom_states_of,
    is_given,
    pre_hook_of,
    real_action,
    required_arguments,
)
from tests.engine.template_texts import ACTIONS, errors, function, function_problems, functions, template, warnings

HELLO = """
    name: hello
    action: {type: echo, configuration: {output: "Hello {{ .function_args.name }}"}}
    custom_states: [GREETED]
    conditions: [{type: check, then: {this: GREETED}}]
"""
POLITE = """
    name: polite
    action: {type: hello, configuration: {name: "dear {{ .function_args.who }}"}}
    custom_states: [POLITE]
    conditions: [{type: check, then: {this: POLITE}}]
    pre_hook: {type: echo, configuration: {output: looks up}}
"""
BOTH = functions(HELLO, POLITE)


def call(type_="polite", configuration="{who: you}", rest=""):
    return f"steps: {{a: {{action: {{type: {type_}, configuration: {configuration}}}, {rest} description: d}}}}"


class TestReading:
    def test_a_function_is_read(self):
        polite = BOTH["polite"]
        assert polite.action.type == "hello"
        assert polite.arguments == ("who",)
        assert polite.custom_states == ("POLITE",)
        assert polite.pre_hook is not None
        assert polite.file == "function.yaml"

    def test_a_description_is_kept(self):
        text = "name: a\ndescription: says a\naction: {type: echo, configuration: {}}"
        assert function(text).description == "says a"

    def test_the_name_is_not_normalised(self):
        assert function("name: ' Echo::It '\naction: {type: echo, configuration: {}}").name == " Echo::It "

    @pytest.mark.parametrize("configuration", ["text", "[a]", "1"])
    def test_the_configuration_is_an_object_or_null(self, configuration):
        text = f"name: abc\naction: {{type: echo, configuration: {configuration}}}"
        (error,) = function_problems(text)
        assert "must be an object" in error

    def test_the_configuration_must_be_there(self):
        assert len(function_problems("name: abc\naction: {type: echo}")) == 1
        assert function_problems("name: abc\naction: {type: echo, configuration: null}") == []

    def test_name_and_action_are_needed(self):
        assert len(function_problems("description: nothing")) == 2

    def test_a_name_is_taken_once(self):
        _, problems = parse_function(HELLO, "again.yaml", ACTIONS, BOTH)
        assert [str(each) for each in problems] == [
            'again.yaml:2: There is another function "hello", in function.yaml. Rename one of the two.'
        ]

    def test_an_action_has_its_name_already(self):
        (error,) = function_problems("name: echo\naction: {type: echo, configuration: {}}")
        assert 'an action called "echo"' in error

    def test_what_a_function_calls_may_be_loaded_later(self):
        assert function_problems("name: abc\naction: {type: later, configuration: {}}") == []


class TestConditions:
    """Surprise 7: conditions of functions are checked when they are loaded."""

    TEXT = "name: abc\naction: {{type: echo, configuration: {{}}}}\ncustom_states: [OWN]\nconditions: [{}]"

    def problems(self, condition, level=Level.ERROR):
        return function_problems(self.TEXT.format(condition), level)

    @pytest.mark.parametrize(
        "condition",
        [
            "{type: check, if: [{operator: LIKE}], then: {this: OWN}}",
            "{type: check, if: [{operator: REGEXP, expected: '('}], then: {this: OWN}}",
            "{type: other, then: {this: OWN}}",
            "{type: check, foreach: parent, then: {this: OWN}}",
            "{type: check, then: {this: RUNNING}}",
            "{type: check, then: {another: EXPANDED}}",
            "null",
        ],
    )
    def test_a_condition_that_can_never_work_is_refused(self, condition):
        assert len(self.problems(condition)) == 1

    def test_an_undeclared_state_is_warned_of(self):
        condition = "{type: check, then: {this: ONW}}"
        assert self.problems(condition) == []
        (warning,) = self.problems(condition, Level.WARNING)
        assert 'Did you mean "OWN"?' in warning

    def test_a_skip_without_this_is_warned_of(self):
        (warning,) = self.problems("{type: skip, then: {another: PRUNE}}", Level.WARNING)
        assert "becomes PRUNE" in warning

    def test_a_builtin_state_among_the_custom_ones_is_warned_of(self):
        text = "name: abc\naction: {type: echo, configuration: {}}\ncustom_states: [DONE]"
        assert function_problems(text) == []
        assert len(function_problems(text, Level.WARNING)) == 1

    def test_texts_of_a_function_are_parsed(self):
        (error,) = function_problems("name: abc\naction: {type: echo, configuration: {a: '{{ nosuch }}'}}")
        assert "can never be rendered" in error


class TestChain:
    def test_the_outermost_function_comes_first(self):
        definition = template(call(), functions=BOTH)
        step = definition.steps["a"]
        assert [each.name for each in chain(definition, step.action)] == ["polite", "hello"]
        assert real_action(definition, step.action).type == "echo"

    def test_a_real_action_has_no_chain(self):
        definition = template(call("echo", "{}"))
        action = definition.steps["a"].action
        assert chain(definition, action) == ()
        assert real_action(definition, action) is action

    def test_conditions_are_looked_at_from_the_inside_out(self):
        own = "conditions: [{type: check, then: {this: DONE}}], "
        definition = template(call(rest=own), functions=BOTH)
        states = [condition.then[0][1] for condition in conditions_of(definition, definition.steps["a"])]
        assert states == ["GREETED", "POLITE", "DONE"]

    def test_custom_states_add_up(self):
        definition = template(call(rest="custom_states: [OWN, POLITE], "), functions=BOTH)
        assert custom_states_of(definition, definition.steps["a"]) == ("OWN", "POLITE", "GREETED")

    def test_the_functions_pre_hook_is_the_steps(self):
        definition = template(call(), functions=BOTH)
        hook = pre_hook_of(definition, definition.steps["a"])
        assert hook is not None
        assert hook.configuration == {"output": "looks up"}

    def test_a_definition_carries_the_functions_it_uses_and_no_others(self):
        unused = functions(HELLO, POLITE, "name: other\naction: {type: echo, configuration: {}}")
        definition = template(
            call("echo", "{}", "pre_hook: {type: hello, configuration: {name: x}}, "), functions=unused
        )
        assert list(definition.functions) == ["hello"]

    def test_a_cycle_is_refused_where_it_is_used(self):
        circular = functions(
            "name: one\naction: {type: two, configuration: {}}", "name: two\naction: {type: one, configuration: {}}"
        )
        (error,) = errors(call("one", "{}"), functions=circular)
        assert '"one" calls "two" calls "one"' in error
        with pytest.raises(FunctionCycle):
            chain_in(circular, circular["one"].action)


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "arguments"),
        [
            ("{{ .function_args.name }}", ("name",)),
            ("{{.function_args.name}}{{  .function_args.other  }}", ("name", "other")),
            ("{{ .function_args.a.b }}", ("a.b",)),
            ("{{ .function_args.x_1 }}{{ .function_args.x1 }}{{ .function_args.x | upper }}", ()),
        ],
    )
    def test_a_call_must_give_what_stands_alone_between_braces(self, text, arguments):
        assert function(f"name: abc\naction: {{type: echo, configuration: {{a: ['{text}']}}}}").arguments == arguments

    def test_only_the_configuration_of_the_action_counts(self):
        text = """
            name: abc
            action: {type: echo, configuration: {}, output: {strategy: merge, format: {a: "{{ .function_args.x }}"}}}
            pre_hook: {type: echo, configuration: {a: "{{ .function_args.y }}"}}
        """
        assert required_arguments(function(text).action) == ()

    @pytest.mark.parametrize(
        ("configuration", "given"),
        [
            ({"a": {"b": None}}, True),
            ({"a": {"b": ""}}, True),
            ({"a": {}}, False),
            ({"a": "text"}, False),
            ({"A": {"b": 1}}, False),
            (None, False),
            ([], False),
        ],
    )
    def test_an_argument_is_given_when_its_key_is_there(self, configuration, given):
        assert is_given("a.b", configuration) is given

    def test_a_missing_argument_is_refused(self):
        assert errors(call("hello", "{nmae: x}"), functions=BOTH) == [
            '4, step a: The function "hello" needs the argument "name". Did you mean "nmae"?'
        ]

    def test_a_surplus_argument_is_ignored(self):
        assert errors(call("hello", "{name: x, more: y}"), functions=BOTH) == []

    def test_an_inner_function_is_given_what_the_outer_one_writes(self):
        careless = functions(HELLO, "name: careless\naction: {type: hello, configuration: {}}")
        (error,) = errors(call("careless", "{}"), functions=careless)
        assert '"hello" needs the argument "name", which "careless" does not give it' in error

    def test_a_call_without_arguments_needs_no_configuration(self):
        plain = functions("name: plain\naction: {type: echo, configuration: {output: 1}}")
        assert errors("steps: {a: {action: {type: plain}}}", functions=plain) == []
        assert len(errors("steps: {a: {action: {type: hello}}}", functions=BOTH)) == 1

    @pytest.mark.parametrize("use", ["{{ .function_args.x_1 }}", "{{ .function_args.x_1 | upper }}"])
    def test_an_argument_that_the_original_would_not_miss_is_warned_of(self, use):
        """Surprise 24."""
        found = functions(f"name: abc\naction: {{type: echo, configuration: {{a: '{use}'}}}}")
        body = "steps: {a: {action: {type: abc, configuration: %s}}}"
        assert errors(body % "{}", functions=found) == []
        (warning,) = warnings(body % "{}", functions=found)
        assert 'the argument "x_1"' in warning
        assert warnings(body % "{x_1: y}", functions=found) == []

    @pytest.mark.parametrize(
        "use",
        [
            "{{ default `d` .function_args.x_1 }}",
            "{{ if .function_args.x_1 }}{{ .function_args.x_1 }}{{ end }}",
            "{{ with .function_args.x_1 }}{{ . }}{{ end }}",
        ],
    )
    def test_an_argument_whose_absence_is_thought_of_is_not_missed(self, use):
        found = functions(f"name: abc\naction: {{type: echo, configuration: {{a: '{use}'}}}}")
        assert warnings("steps: {a: {action: {type: abc, configuration: {}}}}", functions=found) == []


class TestPreHooks:
    def test_a_step_and_its_function_cannot_both_have_one(self):
        (error,) = errors(call(rest="pre_hook: {type: echo, configuration: {}}, "), functions=BOTH)
        assert "one pre_hook only" in error

    def test_two_functions_of_a_chain_cannot_both_have_one(self):
        twice = functions(
            HELLO,
            POLITE,
            "name: outer\naction: {type: polite, configuration: {who: x}}\npre_hook: {type: echo, configuration: {}}",
        )
        (error,) = errors(call("outer", "{}"), functions=twice)
        assert "one pre_hook only" in error

    def test_a_pre_hook_may_call_a_function(self):
        assert errors(call("echo", "{}", "pre_hook: {type: hello, configuration: {name: x}}, "), functions=BOTH) == []

    def test_a_pre_hook_cannot_call_a_function_with_a_pre_hook(self):
        (error,) = errors(call("echo", "{}", "pre_hook: {type: polite, configuration: {who: x}}, "), functions=BOTH)
        assert "which has a pre_hook itself" in error

    def test_the_pre_hook_of_a_function_is_checked_where_it_is_used(self):
        broken = functions(
            "name: abc\naction: {type: echo, configuration: {}}\npre_hook: {type: nope, configuration: {}}"
        )
        (error,) = errors(call("abc", "{}"), functions=broken)
        assert 'no action "nope"' in error


class TestUse:
    def test_an_unknown_action_inside_a_function_is_refused_where_it_is_used(self):
        broken = functions("name: abc\naction: {type: nope, configuration: {}}")
        (error,) = errors(call("abc", "{}"), functions=broken)
        assert 'no action "nope", called by the function "abc"' in error

    def test_a_custom_state_of_a_function_may_be_waited_for(self):
        """Surprise 25, engine.md S31."""
        body = """
            steps:
              a: {action: {type: hello, configuration: {name: x}}}
              b: {action: {type: echo, configuration: {}}, dependencies: ["a:GREETED"]}
        """
        assert errors(body, functions=BOTH) == []

    def test_a_custom_state_of_a_function_may_be_given_by_a_condition(self):
        own = "conditions: [{type: check, then: {this: GREETED}}], "
        assert errors(call(rest=own), functions=BOTH) == []

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("{{ .step.nope.output }}", "reads .step.nope"),
            ("{{ .input.nope }}", "reads .input.nope"),
            ("{{ eval `nope` }}", 'needs the variable "nope"'),
        ],
    )
    def test_what_a_function_reads_and_the_template_lacks_is_warned_of(self, text, reason):
        found = functions(f"name: abc\naction: {{type: echo, configuration: {{a: '{text}'}}}}")
        assert errors(call("abc", "{}"), functions=found) == []
        (warning,) = warnings(call("abc", "{}"), functions=found)
        assert reason in warning

    @pytest.mark.parametrize("then", ["{nope: PRUNE}", "{b: UNKNOWN}"])
    def test_what_a_function_changes_and_the_template_lacks_is_warned_of(self, then):
        found = functions(
            f"name: abc\naction: {{type: echo, configuration: {{}}}}\nconditions: [{{type: check, then: {then}}}]"
        )
        body = "steps:\n  a: {action: {type: abc, configuration: {}}}\n  b: {action: {type: echo, configuration: {}}}\n"
        assert errors(body, functions=found) == []
        assert len(warnings(body, functions=found)) == 1
