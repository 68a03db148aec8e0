import pytest

from tasks.engine.catalog import KnownNames
from tasks.engine.gotemplate import FUNCTIONS
from tasks.engine.gotemplate.parser import parse as parse_text
from tasks.engine.handles import FunctionUse, Reference, VariableUse, original_paths, uses_of
from tasks.engine.schema_paths import PropertyTable
from tests.engine.template_texts import errors, warnings


def references(text):
    return [str(use) for use in uses_of(parse_text(text, FUNCTIONS)) if isinstance(use, Reference)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no handle", []),
        ("{{ .a.b }}", [".a.b"]),
        ("{{ $.a }}", [".a"]),
        ("{{ . }}", []),
        ("{{ default .a .b | printf .c }}", [".a", ".b", ".c"]),
        ("{{ if .a }}{{ .b }}{{ else if .c }}{{ .d }}{{ else }}{{ .e }}{{ end }}", [".a", ".b", ".c", ".d", ".e"]),
        ("{{ range .a }}{{ .b }}{{ $.c }}{{ else }}{{ .d }}{{ end }}", [".a", ".c", ".d"]),
        ("{{ with .a }}{{ .b }}{{ . }}{{ else }}{{ .c }}{{ end }}", [".a", ".a.b", ".c"]),
        ("{{ with .a.b | toJson }}{{ .c }}{{ end }}", [".a.b"]),
        ("{{ with $ }}{{ .a }}{{ end }}", [".a"]),
        ('{{ index .a "b" "c" }}', [".a.b.c"]),
        ('{{ index . "a" "b" }}', [".a.b"]),
        ('{{ (index .a "b").c }}', [".a.b.c"]),
        ("{{ index .a 0 }}", [".a"]),
        ("{{ (index .a 0).b }}", [".a"]),
        ("{{ index .a .b }}", [".a", ".b"]),
        ("{{ field `a` `b` }}", [".a.b"]),
        ("{{ range .x }}{{ field `a` `b` }}{{ end }}", [".x", ".a.b"]),
        ("{{ field .a }}", [".a"]),
        ("{{ (.a.b).c }}", [".a.b.c"]),
        ("{{ (toJson .a).c }}", [".a"]),
        ("{{ $x := .a }}{{ $x.b }}", [".a"]),
        ("{{/* .a.b */}}", []),
        ('{{ define "t" }}{{ .a }}{{ $.b }}{{ end }}{{ template "t" .c }}', [".c"]),
        ("{{ not (eq .a `x`) }}", [".a"]),
        (
            "{{ .input.name | upper }}\n{{ range .list }}{{ .x }}{{ $.config.key }}{{ end }}",
            [".input.name", ".list", ".config.key"],
        ),
    ],
)
def test_all_paths_of_a_text_are_found_by_parsing(text, found):
    """Surprise 17."""
    assert references(text) == found


@pytest.mark.parametrize(
    "text", ["{{ eval `v` }}", '{{ evalCache "v" | toJson }}', '{{ "v" | eval }}', "{{ (eval `v`).a }}"]
)
def test_variables_are_found(text):
    assert [use.name for use in uses_of(parse_text(text, FUNCTIONS)) if isinstance(use, VariableUse)] == ["v"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ if env `A` }}{{ .x | upper }}{{ end }}", [("env", 6), ("upper", 24)]),
        ("{{ index .a `b` }}{{ eval `v` }}", [("index", 3), ("eval", 21)]),
        ("{{ now.Year }}", [("now", 3)]),
        ("{{ upper (now | toString) }}", [("upper", 3), ("now", 10), ("toString", 16)]),
    ],
)
def test_functions_are_found_where_they_are_called(text, found):
    uses = uses_of(parse_text(text, FUNCTIONS))
    assert [(use.name, use.position) for use in uses if isinstance(use, FunctionUse)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ .step.a.output }}", {"step.a.output"}),
        ("{{ default .step.a .input.x }}", {"step.a"}),
        ('{{ printf "%.2f" .input.x }}', {"2f"}),
        ("{{ $.input.x }}{{ .b }}", {"input.x", "b"}),
        ("{{ .step.a-b.output }}", {"step.a"}),
        ("{{ index .step `x` }}", {"step"}),
        ("{{ eval `x` }}", set()),
        ("{{/* .step.a */}}", {"step.a"}),
    ],
)
def test_the_original_sees_the_first_path_of_each_handle(text, found):
    assert original_paths(text) == found


SCHEMA = {
    "properties": {
        "value": {"type": "string"},
        "foo": {"$ref": "#/definitions/foo"},
        "free": {"type": "object"},
        "open": {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        "list": {"type": "array", "items": {"properties": {"x": {}}}},
    },
    "definitions": {
        "foo": {"properties": {"bar": {"anyOf": [{"$ref": "#/definitions/foo"}, {"type": "string"}]}}},
    },
}


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("value", None),
        ("foo.bar.bar.bar", None),
        ("foo.bar.baz", "baz"),
        ("bar", "bar"),
        ("nope.x", "nope"),
        ("value.x", "x"),
        ("free.anything.at.all", None),
        ("open.other", None),
        ("list.x", "x"),
    ],
)
def test_a_path_is_followed_through_a_schema(path, unknown):
    assert PropertyTable(SCHEMA).unknown(path.split(".")) == unknown


@pytest.mark.parametrize("schema", [True, {}, {"type": "object"}, {"$ref": "other.json"}, {"$ref": "#/nowhere"}])
def test_a_schema_of_unknown_structure_objects_to_nothing(schema):
    """Surprise 17."""
    assert PropertyTable(schema).unknown(["a", "b"]) is None


STEPS = """
inputs: [{name: x}]
resolver_inputs: [{name: r}]
variables: [{name: v, value: 1}]
steps:
  before: {action: &ok {type: echo, configuration: {}}, json_schema: {properties: {known: {}}}}
  a: {dependencies: [before], action: {type: echo, configuration: {output: %r}}}
  loop: {dependencies: [before], foreach: "[]", action: *ok}
  after: {dependencies: [a], action: *ok}
"""


def errors_in(text):
    return errors(STEPS % text)


def warnings_in(text):
    return warnings(STEPS % text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ .step.before.output.known }}",
        "{{ .step.before.output }}{{ .step.before.state }}{{ .step.before.try_count }}{{ .step.before.max_retries }}",
        "{{ .step.this.output.anything }}",
        "{{ .step.a.output.anything }}",
        "{{ .input.x }}{{ .resolver_input.r }}{{ .config.c }}{{ eval `v` }}",
        "{{ .task.task_id }}{{ .task.resolver_groups }}{{ .task.last_activity }}{{ .task.resolution_id }}",
        "{{ .input }}",
    ],
)
def test_what_is_there_can_be_read(text):
    assert errors_in(text) == []
    assert warnings_in(text) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ .step.befor.output }}", 'no such step. Did you mean "before"?'),
        ("{{ default .input.x .step.nope.output }}", "no such step"),
        ("{{ .input.y }}", "no such input"),
        ("{{ if true }}{{ .resolver_input.x }}{{ end }}", "no such input"),
        ("{{ .task.requester }}", "a task has nothing of that name"),
        ("{{ eval `w` }}", 'no variable "w"'),
        ("{{ .step.before.output.unknown }}", 'no "unknown" there'),
    ],
)
def test_a_name_that_surely_does_not_exist_is_an_error(text, reason):
    found = errors_in(text)
    assert len(found) == 1
    assert reason in found[0]
    assert found[0].startswith("9, step a: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ field `step` `nope` `output` | default `x` }}", "no such step"),
        ("{{ index .input `nope` }}", "no such input"),
        ("{{ default .input.x .step.before.output.unknown }}", 'no "unknown" there'),
        ("{{ .step.before.payload }}", 'a step has no "payload"'),
        ("{{ .nothing.here }}", 'there is no ".nothing"'),
        ("{{ .var.v }}", "eval"),
        ("{{ .iterator }}", "no iterator"),
        ("{{ .pre_hook.output }}", "pre_hook"),
        ("{{ .function_args.a }}", "only functions have arguments"),
        ("{{ .step.after.output }}", "does not wait for"),
        ("{{ env `HOME` }}", "env gives nothing"),
        ("{{ getHostByName `localhost` }}", "getHostByName gives nothing"),
    ],
)
def test_what_may_work_all_the_same_is_a_warning(text, reason):
    """Surprises 2, 17, 19."""
    assert errors_in(text) == []
    (warning,) = warnings_in(text)
    assert reason in warning


def test_descriptions_and_comments_are_not_searched():
    """Surprise 17."""
    body = "long_description: '{{ .step.nope.output }}'\nsteps: {a: {description: '{{ .input.nope }}', action: %s}}"
    assert errors(body % "{type: echo, configuration: {output: '{{/* .step.nope.x */}}'}}") == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("title_format: '{{ nosuch }}'", 4),
        ("tags: {a: '{{ if }}'}", 4),
        ("result_format: {'{{ .a': 1}", 4),
        ("result_format: {a: [{b: '{{ .a'}]}", 4),
        ("variables: [{name: a, value: '{{'}]", 4),
        ("variables: [{name: a, expression: '{{'}]", 4),
        ("base_configurations: {a: {b: ['{{']}}", 4),
        ("steps: {a: {action: {type: echo, configuration: '{{'}}}", 4),
        ("steps: {a: {action: {type: echo, configuration: {}, base_output: {a: '{{'}}}}", 4),
        ("steps: {a: {foreach: '{{', action: {type: echo, configuration: {}}}}", 4),
        ("steps: {a: {action: {type: echo, configuration: {}}, pre_hook: {type: echo, configuration: {a: '{{'}}}}", 4),
        (
            "steps:\n  a:\n    action: {type: echo, configuration: {}}\n    conditions:\n      - type: check\n"
            "        message: '{{'\n        then: {this: DONE}",
            9,
        ),
        (
            "steps:\n  a:\n    action: {type: echo, configuration: {}}\n    conditions:\n      - type: check\n"
            "        then: {this: DONE}\n        if:\n        - operator: EQ\n          expected: '{{'",
            12,
        ),
        (
            "steps:\n  a:\n    action:\n      type: echo\n      configuration:\n"
            "        output: |\n          fine\n          {{",
            11,
        ),
    ],
)
def test_a_text_that_can_never_be_rendered_is_an_error_on_its_line(place, line):
    """Surprise 18."""
    head = "name: example\ndescription: abc\n" + (
        "# no title\n" if place.startswith("title") else "title_format: abc\n"
    )
    (error,) = errors(place, head=head)
    assert error.startswith(f"{line}")
    assert "can never be rendered" in error


def test_a_text_inside_a_variable_that_is_no_text_is_not_rendered():
    assert errors("variables: [{name: a, value: {b: '{{'}}]") == []


def test_the_title_cannot_see_steps():
    body = "title_format: '{{ .step.a.output }}'\nsteps: {a: {action: {type: echo, configuration: {}}}}"
    head = "name: example\ndescription: abc\n"
    assert errors(body, head=head) == []
    (warning,) = warnings(body, head=head)
    assert "no step exists yet" in warning


def test_children_of_a_loop_can_be_named():
    body = "steps:\n  l: {foreach: '[]', action: {type: echo, configuration: {}}}\n"
    ok = body + "  a: {dependencies: [l], action: {type: echo, configuration: {a: '{{ index .step `l-0` }}'}}}\n"
    assert (errors(ok), warnings(ok)) == ([], [])


def test_a_path_into_metadata_follows_the_schema_of_the_action():
    catalog = KnownNames(frozenset({"call"}), {"call": {"properties": {"HTTPStatus": {"type": "integer"}}}})
    body = "steps: {a: {action: {type: call, configuration: {a: '{{ .step.a.metadata.%s }}'}}}}"
    assert errors(body % "HTTPStatus", catalog=catalog) == []
    (error,) = errors(body % "Status", catalog=catalog)
    assert 'the metadata of "a" has no "Status"' in error
