"""An error tells the author the place, the action and the reason."""

import pickle

import pytest

from tasks.engine.gotemplate import ExecutionError, ParseError, render


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("{{ .a | nope }}", 1, 9, 'function "nope" not defined'),
        ("a\nb {{ .a }}\n{{ $x }}", 3, 4, 'undefined variable "$x"'),
        ("{{ .a", 1, 1, "unclosed action"),
        ("ok\n  {{if .a}}x", 2, 13, "{{end}} is missing"),
        ("{{end}}", 1, 1, "unexpected {{end}}"),
        ('{{ print "a }}', 1, 10, "unterminated quoted string"),
        ("{{ .a + 1 }}", 1, 7, "illegal number syntax"),
        ("{{ 99999999999999999999 }}", 1, 4, "integer overflow"),
        ("{{ (1 }}", 1, 7, "unclosed left paren"),
        ('{{define "a"}}1{{end}}{{define "a"}}2{{end}}', 1, 32, "multiple definition"),
        ("{{break}}", 1, 3, "outside {{range}}"),
        ("{{ 1 | 2 }}", 1, 8, "non executable command"),
    ],
)
def test_a_parse_error_tells_line_column_and_reason(text, line, column, message):
    with pytest.raises(ParseError) as caught:
        render(text, {})
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "action"),
    [
        ("{{ upper .l }}", 1, 10, "expected string, found []interface {}", "{{ upper .l }}"),
        ("x\n {{ .s.t }}", 2, 5, "no field t", "{{ .s.t }}"),
        ("{{ .z.t }}", 1, 4, "null", "{{ .z.t }}"),
        ('{{ fail "boom" }}', 1, 4, "error calling fail: boom", '{{ fail "boom" }}'),
        ("{{ upper }}", 1, 4, "upper wants 1 arguments, and is given 0", "{{ upper }}"),
        ('{{template "t"}}', 1, 3, "not defined", '{{template "t"}}'),
        ("{{range .s}}{{end}}", 1, 3, "cannot range over", "{{range .s}}"),
        ("{{ index .l 9 }}", 1, 4, "index out of range: 9", "{{ index .l 9 }}"),
        ('{{define "t"}}{{ .s.t }}{{end}}{{template "t" .}}', 1, 18, "no field t", "{{ .s.t }}"),
    ],
)
def test_an_execution_error_tells_the_action_too(text, line, column, message, action):
    with pytest.raises(ExecutionError) as caught:
        render(text, {"l": [1], "s": "text", "z": None})
    assert (caught.value.line, caught.value.column) == (line, column)
    assert message in caught.value.message
    assert caught.value.action == action


def test_the_excerpt_points_at_the_place():
    with pytest.raises(ParseError) as caught:
        render("first\nsecond {{ nope }} third\nlast", {})
    assert caught.value.excerpt == "  second {{ nope }} third\n            ^"
    assert str(caught.value) == f'line 2, column 11: function "nope" not defined\n{caught.value.excerpt}'


def test_the_excerpt_of_a_long_line_is_cut_around_the_place():
    with pytest.raises(ParseError) as caught:
        render("x" * 500 + "{{ nope }}" + "y" * 500, {})
    shown, caret = caught.value.excerpt.split("\n")
    assert len(shown) < 150
    assert shown[caret.index("^") :].startswith("nope")


def test_a_mistake_of_a_function_is_an_error_of_its_action():
    def broken(value):
        return value["missing"]

    with pytest.raises(ExecutionError, match="error calling broken: KeyError"):
        render("{{ broken .a }}", {"a": {}}, {"broken": broken})


def test_errors_travel_between_processes():
    with pytest.raises(ExecutionError) as caught:
        render("{{ .s.t }}", {"s": "text"})
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert (again.line, again.column, again.action) == (1, 4, "{{ .s.t }}")
