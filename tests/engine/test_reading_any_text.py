"""Whatever a file holds, reading it gives a definition or says why not; it never raises."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.engine import graph, parse_function, parse_template
from tasks.engine.declarations import RECORDS, Kind
from tasks.engine.documents import stored_document, stored_template
from tasks.engine.errors import Level
from tasks.engine.gotemplate.jsontext import dumps, loads
from tests.engine.template_texts import ACTIONS

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "this",
        "echo",
        "DONE",
        "ANY",
        "a:DONE",
        "b:X,Y",
        "skip",
        "check",
        "EQ",
        "GT",
        "REGEXP",
        "(",
        "merge",
        "5s",
        "-1s",
        "parent",
        "[1, 2]",
        "",
        "{{ .step.a.output.x }}",
        "{{ .input.b",
        "{{ eval `a` }}",
        "{{ .iterator }}",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 1 << 65)
    | st.floats(allow_nan=False)
    | WORDS
    | st.text(st.characters(exclude_categories=["C"]), max_size=5)
)
#: What mostly fits, so that the rules behind the first ones are reached.
FITTING = {
    "name": ["abc", "abcd"],
    "description": ["abc"],
    "title_format": ["abc", "{{ .task.task_id }}"],
    "doc_link": ["abc"],
    "long_description": ["abc"],
    "operator": ["EQ", "in"],
    "regex": ["^a", ""],
    "foreach": ["", "[1]", "{{ .step }}"],
    "execution_delay": ["1s", 5],
    "timeout": ["1s"],
    "expression_timeout": ["1s"],
    "base_configuration": [""],
    "foreach_strategy": [""],
    "strategy": ["", "template"],
    "base_output": [None, {"a": "b"}],
    "dependencies": [[], ["a"], ["b:ANY"]],
    "custom_states": [[], ["X"]],
    "then": [{}, {"this": "DONE"}, {"a": "PRUNE"}],
    "default": [None],
    "legal_values": [[], ["a"]],
    "value": [None, 1, "a"],
    "expression": ["", "1"],
    "auto_runnable": [True],
    "configuration": [None, {"a": "{{ .task.task_id }}"}, {"a": [1.5]}],
}

ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)


def values_of(declared, depth):
    """Mostly what is declared, sometimes anything."""
    if declared.name == "type" and not declared.choices:
        likely = st.just("echo")
    elif declared.name in FITTING and not (declared.choices and declared.name == "foreach"):
        likely = st.sampled_from(FITTING[declared.name])
    elif declared.kind is Kind.RECORD:
        likely = records(declared.record, depth - 1)
    elif declared.kind is Kind.RECORDS:
        likely = st.lists(records(declared.record, depth - 1), max_size=2)
    elif declared.kind is Kind.RECORD_BY_NAME:
        likely = st.dictionaries(
            st.sampled_from(["a", "b", "c", "a-0"]), records(declared.record, depth - 1), max_size=4
        )
    elif declared.kind is Kind.RUN_TIME:
        likely = st.none()
    elif declared.kind is Kind.SCHEMA:
        likely = st.booleans()
    elif declared.kind is Kind.WHOLE:
        likely = st.integers(-1, 5)
    elif declared.kind is Kind.FLAG:
        likely = st.booleans()
    elif declared.kind in {Kind.TEXTS, Kind.VALUES}:
        likely = st.lists(SCALARS, max_size=2)
    elif declared.kind in {Kind.TEXT_BY_NAME, Kind.VALUE_BY_NAME}:
        likely = st.dictionaries(WORDS, SCALARS, max_size=2)
    elif declared.choices:
        likely = st.sampled_from(declared.choices)
    else:
        likely = ANYTHING if declared.kind is Kind.ANY else WORDS
    return st.integers(0, 50).flatmap(lambda dice: likely if dice else ANYTHING)


def records(name, depth):
    properties = RECORDS[name].properties
    if depth <= 0:
        return ANYTHING
    required = {
        each.name: values_of(each, depth) for each in properties if each.required or each.name == "configuration"
    }
    optional = {each.name: values_of(each, depth) for each in properties if each.name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def yaml_of(value):
    # JSON is YAML, but for infinities.
    try:
        return dumps(value)
    except ValueError:
        return "x: .inf"


@settings(max_examples=150, deadline=None)
@given(records("template", 4))
def test_any_template_is_read_or_refused_with_reasons(value):
    definition, problems = parse_template(yaml_of(value), "any.yaml", ACTIONS)
    if definition is None:
        assert any(problem.level is Level.ERROR for problem in problems)
        return
    assert stored_document(stored_template(loads(dumps(stored_document(definition))))) == stored_document(definition)
    assert len(graph(definition).nodes) == len(definition.steps)


@settings(max_examples=75, deadline=None)
@given(records("function", 4))
def test_any_function_is_read_or_refused_with_reasons(value):
    function, problems = parse_function(yaml_of(value), "any.yaml", ACTIONS)
    assert (function is None) == any(problem.level is Level.ERROR for problem in problems)
    body = "name: abc\ndescription: abc\ntitle_format: abc\nsteps: {a: {action: {type: f, configuration: {a: 1}}}}"
    if function is not None:
        parse_template(body, "any.yaml", ACTIONS, {"f": function})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_refused_or_read(text):
    definition, problems = parse_template(text)
    assert definition is not None or problems
