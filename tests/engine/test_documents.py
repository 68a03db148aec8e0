from dataclasses import replace

import pytest

from tasks.engine.documents import (
    content_hash,
    function_document,
    step_document,
    step_from_document,
    steps_from_document,
    stored_document,
    stored_function,
    stored_step,
    stored_template,
    template_document,
)
from tasks.engine.errors import Level
from tasks.engine.gotemplate.jsontext import dumps, loads
from tests.engine.template_texts import ACTIONS, functions, template

FUNCTIONS = functions(
    """
    name: greet
    description: Greets
    action: {type: echo, configuration: {output: "Hello {{ .function_args.name }}"}}
    custom_states: [GREETED]
    conditions: [{type: check, then: {this: GREETED}}]
    """
)

FULL = """
    long_description: Much longer
    doc_link: https://docs.example
    result_format: {answer: "{{.step.ask.output}}"}
    allowed_resolver_usernames: [ann]
    auto_runnable: true
    retry_max: 0
    region: eu
    tags: {team: blue}
    inputs:
      - {name: who, description: Whom, regex: "^a", optional: true}
      - {name: sizes, type: number, collection: true, legal_values: [1, 2.50], default: [1]}
    resolver_inputs: []
    variables: [{name: fixed, value: {a: [1, true]}}, {name: js, expression: "1", expression_timeout: 1m30s}]
    base_configurations: {common: {output: 1}}
    steps:
      zoo:
        action: {type: greet, configuration: {name: you, big: 12345678901234567890}}
        pre_hook: {type: echo, configuration: null}
        json_schema: {type: object}
        execution_delay: 5s
        timeout: 90s
        max_retries: -1
        custom_states: [OWN]
        resources: [printer]
      ask:
        dependencies: ["zoo:OWN,DONE"]
        foreach: "[]"
        action: {type: echo, configuration: {output: 1.10}, base_output: {a: 1}, base_configuration: common}
        conditions:
          - {type: check, if: [{value: a, operator: eq, expected: b}], then: {zoo: TO_RETRY, this: DONE}, message: m}
          - {type: skip, foreach: parent, final: true, then: {this: PRUNE}}
"""


@pytest.fixture(scope="module")
def definition():
    return template(FULL, functions=FUNCTIONS)


def through_json(document):
    return loads(dumps(document))


class TestTemplate:
    def test_keys_stand_in_the_order_of_the_api(self, definition):
        assert list(template_document(definition)) == [
            "name",
            "description",
            "long_description",
            "doc_link",
            "title_format",
            "result_format",
            "allowed_resolver_groups",
            "allowed_resolver_usernames",
            "allow_all_resolver_usernames",
            "auto_runnable",
            "blocked",
            "hidden",
            "retry_max",
            "allow_task_start_over",
            "region",
            "inputs",
            "variables",
            "tags",
            "steps",
            "base_configurations",
        ]

    def test_what_is_not_said_is_left_out_or_empty(self):
        assert template_document(template("")) == {
            "name": "example",
            "description": "An example",
            "title_format": "An example",
            "allowed_resolver_groups": None,
            "allowed_resolver_usernames": None,
            "allow_all_resolver_usernames": False,
            "auto_runnable": False,
            "blocked": False,
            "hidden": False,
            "allow_task_start_over": False,
            "base_configurations": None,
        }

    def test_in_lists_the_long_parts_are_left_out(self, definition):
        shown = set(template_document(definition, in_list=True))
        assert not shown & {"title_format", "result_format", "variables", "steps"}
        assert {"inputs", "tags", "base_configurations", "name"} <= shown

    def test_an_explicit_retry_max_of_0_is_shown(self, definition):
        assert template_document(definition)["retry_max"] == 0


class TestParts:
    def test_a_plain_step(self):
        step = template("steps: {a: {action: {type: echo, configuration: {b: 1, a: 2}}}}").steps["a"]
        assert step_document(step) == {
            "name": "",
            "description": "",
            "idempotent": False,
            "action": {"type": "echo", "configuration": {"a": 2, "b": 1}, "output": None},
            "retry_pattern": "seconds",
            "last_run": "0001-01-01T00:00:00Z",
            "foreach_strategy": "",
            "resources": None,
            "tags": None,
        }

    def test_a_step_of_a_resolution_has_its_name(self, definition):
        assert step_document(definition.steps["ask"], name="ask")["name"] == "ask"

    def test_a_full_step(self, definition):
        zoo = step_document(definition.steps["zoo"])
        assert zoo["execution_delay"] == 5_000_000_000
        assert zoo["timeout"] == "1m30s"
        assert zoo["max_retries"] == -1
        assert zoo["pre_hook"] == {"type": "echo", "configuration": None, "output": None}
        ask = step_document(definition.steps["ask"])
        assert ask["dependencies"] == ["zoo:OWN,DONE"]
        assert ask["foreach_strategy"] == "parallel"
        assert ask["action"]["base_configuration"] == "common"
        assert ask["action"]["base_output"] == {"a": 1}
        assert ask["action"]["output"] == {"format": {"a": 1}, "strategy": "merge"}

    def test_a_condition_shows_all_its_keys(self, definition):
        first, second = step_document(definition.steps["ask"])["conditions"]
        assert first == {
            "type": "check",
            "if": [{"value": "a", "operator": "EQ", "expected": "b", "list_separator": ",", "message": ""}],
            "then": {"zoo": "TO_RETRY", "this": "DONE"},
            "final": False,
            "foreach": "",
            "message": "m",
        }
        assert (second["if"], second["final"], second["foreach"]) == (None, True, "parent")

    def test_inputs_and_variables(self, definition):
        document = template_document(definition)
        assert document["inputs"][0] == {
            "name": "who",
            "description": "Whom",
            "regex": "^a",
            "collection": False,
            "type": "string",
            "optional": True,
            "default": None,
            "hidden": False,
        }
        assert document["variables"] == [
            {"name": "fixed", "expression": "", "expression_timeout": "", "value": {"a": [1, True]}},
            {"name": "js", "expression": "1", "expression_timeout": "1m30s", "value": None},
        ]

    def test_a_function_is_shown_without_its_description(self):
        assert list(function_document(FUNCTIONS["greet"])) == ["name", "action", "conditions", "custom_states"]


class TestStorage:
    def test_a_template_comes_back_as_it_was(self, definition):
        back = stored_template(through_json(stored_document(definition)))
        assert replace(back, functions={}) == replace(definition, functions={})

    def test_the_functions_it_uses_come_back_with_it(self, definition):
        back = stored_template(through_json(stored_document(definition)))
        assert back.functions == {"greet": replace(FUNCTIONS["greet"], file="")}

    def test_the_order_of_writing_comes_back_although_json_sorts_its_keys(self, definition):
        back = stored_template(through_json(stored_document(definition)))
        assert list(back.steps) == ["zoo", "ask"]
        assert back.steps["ask"].conditions[0].then == (("zoo", "TO_RETRY"), ("this", "DONE"))

    def test_numbers_keep_their_digits(self, definition):
        back = stored_template(through_json(stored_document(definition)))
        assert str(back.steps["zoo"].action.configuration["big"]) == "12345678901234567890"
        assert str(back.steps["ask"].action.configuration["output"]) == "1.1"

    def test_a_function_comes_back_with_its_arguments(self):
        stored = function_document(FUNCTIONS["greet"])
        assert stored_function(through_json(stored)).arguments == ("name",)

    def test_a_step_comes_back_as_it_was(self, definition):
        step = definition.steps["ask"]
        assert stored_step("ask", step_document(step, name="ask")) == step

    @pytest.mark.parametrize("document", [{"name": 1}, {"name": "abc", "steps": [{"name": "a"}]}, {"blocked": "no"}])
    def test_what_never_was_a_stored_template_is_refused(self, document):
        with pytest.raises(ValueError, match="not a stored template"):
            stored_template(document)

    def test_the_hash_is_that_of_the_content(self, definition):
        again = template(FULL.replace("{team: blue}", "\n      team: 'blue'"), functions=FUNCTIONS)
        assert content_hash(again) == content_hash(definition)
        assert len(content_hash(definition)) == 64

    @pytest.mark.parametrize(
        "change",
        [
            {"description": "Another"},
            {"hidden": True},
            {"steps": {}},
            {"functions": {}},
        ],
    )
    def test_the_hash_changes_with_the_content(self, definition, change):
        assert content_hash(replace(definition, **change)) != content_hash(definition)

    def test_the_hash_changes_with_the_order_of_steps(self, definition):
        turned = dict(reversed(definition.steps.items()))
        assert content_hash(replace(definition, steps=turned)) != content_hash(definition)


class TestEdits:
    """What an operator sends for a resolution that is PAUSED."""

    def document(self, definition, name, **changes):
        return through_json(step_document(definition.steps[name], name=name)) | changes

    def edited(self, definition, name, **changes):
        return step_from_document(
            definition, name, self.document(definition, name, **changes), definition.steps, ACTIONS
        )

    def test_what_was_read_can_be_sent_back(self, definition):
        step, problems = self.edited(definition, "ask")
        assert [str(each) for each in problems if each.level is Level.ERROR] == []
        assert step_document(step) == step_document(definition.steps["ask"])

    def test_what_happened_to_a_step_is_no_fault(self, definition):
        happened = {"state": "DONE", "output": {"a": 1}, "try_count": 3, "children_steps": ["ask-0"], "error": "x"}
        _, problems = self.edited(definition, "ask", **happened)
        assert [each for each in problems if each.level is Level.ERROR] == []

    def test_what_is_left_out_becomes_empty(self, definition):
        step, _ = step_from_document(
            definition, "ask", {"action": {"type": "echo", "configuration": {}}}, definition.steps, ACTIONS
        )
        assert (step.dependencies, step.foreach, step.conditions) == ((), "", ())

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"dependencies": ["nobody"]}, "no step"),
            ({"dependencies": ["ask"]}, "circular"),
            ({"retry_pattern": "days"}, "retry_pattern"),
            ({"execution_delay": 21_000_000_000}, "between 0 and 20 s"),
            ({"description": 1}, "Expected a text"),
            ({"custom_states": ["DONE"]}, "builtin state"),
            ({"action": {"type": "nope", "configuration": {}}}, 'no action "nope"'),
            ({"action": None}, 'needs "action"'),
            ({"conditions": [None]}, "null"),
        ],
    )
    def test_an_edit_is_checked_like_a_template(self, definition, changes, reason):
        _, problems = self.edited(definition, "ask", **changes)
        found = [each for each in problems if each.level is Level.ERROR]
        assert found
        assert all(each.step == "ask" for each in found)
        assert any(reason in str(each) for each in found)

    @pytest.mark.parametrize(("name", "other"), [("zoo", "ask"), ("ask", "ask")])
    def test_a_circle_is_the_fault_of_the_step_that_closes_it(self, definition, name, other):
        _, problems = self.edited(definition, name, dependencies=[other])
        assert any("circular" in each.what for each in problems)

    @pytest.mark.parametrize("document", [None, [], "text"])
    def test_what_is_no_step_is_refused(self, definition, document):
        _, problems = step_from_document(definition, "ask", document, definition.steps, ACTIONS)
        assert any("must be an object" in each.what for each in problems)

    def test_all_steps_are_checked_together(self, definition):
        documents = {name: self.document(definition, name) for name in definition.steps}
        steps, problems = steps_from_document(definition, documents, ACTIONS)
        assert list(steps) == list(definition.steps)
        assert [each for each in problems if each.level is Level.ERROR] == []
        del documents["zoo"]
        documents["other"] = None
        _, problems = steps_from_document(definition, documents, ACTIONS)
        found = {(each.step, each.what) for each in problems if each.level is Level.ERROR}
        assert ("other", 'The step "other" is null.') in found
        assert ("ask", 'Waits for "zoo", which is no step.') in found
