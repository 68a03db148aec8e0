"""What the golden vectors do not say: kindnesses, µTask's functions, added functions, data that stays as it was."""

import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.engine.gotemplate import (
    FUNCTIONS,
    ExecutionError,
    GoError,
    JSONNumber,
    ParseError,
    Permissions,
    has_actions,
    loads,
    parse,
    render,
)


def test_a_text_without_actions_is_given_back_as_it_is():
    text = "plain } text { with } braces"
    assert render(text, {}) is text
    assert not has_actions(text)


def test_numbers_of_the_data_may_be_of_any_python_kind():
    data = {"i": 5, "f": 1.5, "d": Decimal("1.10"), "n": JSONNumber("1e3")}
    assert render("{{.i}} {{.f}} {{.d}} {{.n}} {{typeOf .d}} {{add .d 1}}", data) == "5 1.5 1.10 1e3 json.Number 1"
    assert render("{{if lt .d .i}}less{{end}} {{.l}}", {**data, "l": [Decimal("2.0")]}) == "less [2.0]"


def test_a_tuple_is_a_list():
    assert render("{{range .}}{{.}},{{end}}{{len .}}", (1, 2)) == "1,2,2"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{gt .n 3}} {{lt 5.5 .n}} {{eq .n 7}}", "true true true"),
        ("{{lt .nine .ten}} {{eq .one .one0}}", "true true"),
        ('{{eq .n "7"}}', "true"),
        ("{{upper .n}} {{repeat .two `x`}} {{index .l .two}} {{range .two}}{{.}}{{end}}", "7 xx c 01"),
        ('{{printf "%03d %.2f" .n .f}}', "007 1.50"),
        ('{{until "3"}} {{repeat 2.0 "x"}}', "[0 1 2] xx"),
        ('{{pick .null "a"}}', "map[]"),
    ],
)
def test_where_go_refuses_what_an_author_expects_this_is_kind(text, result):
    data = loads(
        '{"n": 7, "nine": 9, "ten": 10, "one": 1, "one0": 1.0, "two": 2, "l": ["a","b","c"], "f": 1.5, "null": null}'
    )
    assert render(text, data) == result


@pytest.mark.parametrize(
    "text", ['{{eq "a" 1}}', "{{upper .l}}", "{{upper .absent}}", '{{lt "a" 1}}', "{{repeat 1.5 `x`}}"]
)
def test_kindness_ends_where_the_sense_is_not_plain(text):
    with pytest.raises(ExecutionError):
        render(text, {"l": []})


def test_field_goes_down_from_the_root_and_gives_nothing_where_the_path_ends():
    data = {"step": {"my-step": {"output": {"a": 1}}}}
    assert render('{{field "step" "my-step" "output" "a"}}', data) == "1"
    assert render('{{range .step}}{{field "step" "my-step" "output" "a"}}{{end}}', data) == "1"
    assert render('{{field "step" "nope" "a"}}|{{field "step" "nope" | default "d"}}', data) == "<no value>|d"
    assert render("{{len field}}", data) == "1"
    assert render('{{fieldFrom "my-step" "output" .step}}', data) == "map[a:1]"


@pytest.mark.parametrize("text", ['{{fieldFrom "a"}}', '{{fieldFrom "a" "b"}}', "{{fieldFrom 1 .}}", "{{fieldFrom}}"])
def test_field_from_wants_a_key_and_an_object(text):
    with pytest.raises(ExecutionError):
        render(text, {})


class _Variables:
    def __init__(self):
        self.computed = 0

    def evaluate(self, name):
        if name != "v":
            raise GoError(f'no variable "{name}"')
        self.computed += 1
        return {"a": self.computed}

    def evaluate_cached(self, name):
        return {"a": "cached"}


def test_variables_are_evaluated_by_the_host():
    variables = _Variables()
    text = '{{(eval "v").a}} {{(eval "v").a}} {{(evalCache "v").a}}'
    assert render(text, {}, variables=variables) == "1 2 cached"
    with pytest.raises(ExecutionError, match='no variable "w"'):
        render('{{eval "w"}}', {}, variables=variables)


def test_eval_is_unknown_where_there_are_no_variables():
    with pytest.raises(ParseError, match='"eval" not defined'):
        render('{{eval "v"}}', {})
    with pytest.raises(ExecutionError, match="no variables here"):
        parse('{{eval "v"}}').execute({})


def test_functions_can_be_added_and_hide_the_language_s_own():
    assert render("{{shout .a}}", {"a": "x"}, {"shout": lambda text: f"{text}!"}) == "x!"
    assert render("{{upper .a}}", {"a": "x"}, {"upper": lambda text: f"<{text}>"}) == "<x>"
    assert render("{{upper .a}}", {"a": "x"}) == "X"


@pytest.mark.parametrize("text", ['{{env "HOME"}}', '{{expandenv "$HOME"}}', '{{getHostByName "localhost"}}'])
def test_what_reaches_outside_is_refused(text):
    with pytest.raises(ExecutionError, match="does not allow"):
        render(text, {})


def test_the_environment_is_read_when_it_is_allowed(monkeypatch):
    monkeypatch.setenv("UTASK_PROBE", "seen")
    assert render('{{env "UTASK_PROBE"}}', {}, permissions=Permissions(environment=True)) == "seen"


def test_the_data_stays_as_it_was_whatever_the_text_does():
    data = {"m": {"a": 1}, "l": [{"b": 2}]}
    text = '{{$x := set .m "a" 9}}{{$y := unset (index .l 0) "b"}}{{$z := merge .m (dict "c" 3)}}{{.m}} {{.l}}'
    assert render(text, data) == "map[a:9 c:3] [map[]]"
    assert data == {"m": {"a": 1}, "l": [{"b": 2}]}


def test_a_break_in_the_else_of_a_loop_leaves_that_loop():
    text = "{{range .l}}[{{range .none}}{{else}}a{{break}}b{{end}}]{{end}}"
    assert render(text, {"l": [{}, {}]}) == "[a][a]"


def test_a_declaration_that_is_not_evaluated_leaves_the_one_before():
    assert render("{{$x := 1}}{{$y := or true ($x := 2)}}{{$x}}", {}) == "1"
    assert render("{{$x := 1}}{{$y := or false ($x := 2)}}{{$x}}", {}) == "2"
    assert render("{{range 2}}{{$x := 0}}{{$y := and . ($x := 5)}}{{$x}}{{end}}", {}) == "05"
    with pytest.raises(ExecutionError, match="undefined variable"):
        render("{{$y := or true ($x := 2)}}{{$x}}", {})


def test_a_variable_ends_with_its_branch():
    with pytest.raises(ExecutionError, match="undefined variable"):
        render("{{if .no}}{{$x := 1}}{{else}}{{$x}}{{end}}", {})


def test_what_comes_through_a_pipe_is_evaluated_first():
    assert render('{{$d := dict "a" 1}}{{set $d "a" 2 | toJson | print (get $d "a")}}', {}) == '2{"a":2}'


def test_a_byte_that_is_no_utf8_becomes_a_replacement_character_in_the_result():
    assert render(r'{{"a\xffb"}} {{trunc 2 "é"}} {{trunc 1 "é"}} {{len "\xff"}}', {}) == "a\ufffdb é \ufffd 1"


def test_a_nil_list_of_texts_stays_nil_when_sorted():
    assert render('{{sortAlpha (regexFindAll "x" "y" -1) | toJson}} {{sortAlpha (list) | toJson}}', {}) == "null []"


def test_one_program_serves_many_threads():
    program = parse("{{$x := .n}}{{range until 50}}{{$x = add $x 1}}{{end}}{{$x}}")
    results = {}

    def work(number):
        results[number] = [program.execute({"n": number}) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(set(found) == {str(number + 50)} for number, found in results.items())


def test_the_language_needs_no_django():
    code = (
        "import sys; sys.modules['django'] = None\n"
        "from tasks.engine.gotemplate import render\n"
        "print(render('{{.a | upper}}', {'a': 'x'}))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "X\n"


def test_every_function_says_its_own_name():
    assert all(function.name == name for name, function in FUNCTIONS.items())
