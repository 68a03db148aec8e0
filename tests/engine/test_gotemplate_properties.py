"""Any text on any data: it renders, always to the same, or says why not and where."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.engine.gotemplate import (
    FUNCTIONS,
    ExecutionError,
    JSONNumber,
    Limits,
    ParseError,
    render,
)
from tasks.engine.gotemplate.parser import parse
from tasks.engine.handles import uses_of
from tests.examples import examples

_LIMITS = Limits(output_size=20_000, memory=200_000, elements=2_000, steps=2_000, seconds=5)

_FUZZING_SECONDS = 600 if os.environ.get("STORM") == "large" else 10

#: Not among the functions tried: those whose result changes from call to call, and the slow ones.
_UNSTEADY = {
    "now",
    "date",
    "ago",
    "uuid",
    "uuidv4",
    "shuffle",
    "keys",
    "values",
    "htmlDate",
    "htmlDateInZone",
    "dateInZone",
}
_TRIED = sorted(
    name
    for name, function in FUNCTIONS.items()
    if name not in _UNSTEADY | {"date_in_zone", "encryptAES", "durationRound", "randInt"}
    and not name.startswith("rand")
    and not function.slow
)

_literals = st.sampled_from(
    ['"a"', '"é<"', "`raw`", '"\\xff"', '""', "1", "-3", "2.5", "1e3", "'x'", "true", "nil", "1i"]
)
_fields = st.sampled_from([".", ".s", ".n", ".l", ".m", ".m.k", ".z", ".nope.x", "$", "$.l", "$x"])
_names = st.sampled_from(_TRIED)
_operands = st.recursive(
    _literals | _fields,
    lambda inner: st.builds(lambda name, given: f"({' '.join([name, *given])})", _names, st.lists(inner, max_size=3)),
    max_leaves=6,
)
_commands = st.builds(lambda name, given: " ".join([name, *given]), _names, st.lists(_operands, max_size=3))
_pipelines = st.builds(" | ".join, st.lists(_commands | _operands, min_size=1, max_size=3))
_plain = st.text(st.sampled_from("ab \n{}é"), max_size=5)
_bodies = st.recursive(
    _plain | _pipelines.map(lambda pipeline: f"{{{{ {pipeline} }}}}"),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{{{if {}}}}}{}{{{{else}}}}{}{{{{end}}}}".format, _pipelines, inner, inner),
        st.builds("{{{{with {}}}}}{}{{{{end}}}}".format, _pipelines, inner),
        st.builds("{{{{range $x := {}}}}}{}{{{{else}}}}{}{{{{end}}}}".format, _pipelines, inner, inner),
        st.builds("{{{{- $x = {} -}}}}{}".format, _pipelines, inner),
    ),
    max_leaves=8,
)
template_texts = _bodies.map(lambda body: "{{$x := 0}}" + body)
any_texts = st.text() | st.text(st.sampled_from("{}|()$.:=-\"'`/*ab01 \n"), max_size=40) | template_texts

json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-100, 100).map(lambda n: JSONNumber(str(n))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["s", "n", "l", "m", "k", "z"]), inner),
    max_leaves=8,
)


@given(any_texts)
@example("{{")
@example("{{/*")
@example("{{" + "(" * 2000)
@example("{{if 1}}" * 2000)
@example("{{ \ud800 }}")
@examples(200)
def test_any_text_parses_or_says_why_not(text):
    error = None
    try:
        uses_of(parse(text, FUNCTIONS))
    except ParseError as caught:
        error = caught
    if error is not None:
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text.split("\n")[error.line - 1]) + 1
        assert error.excerpt.split("\n")[1].strip() == "^"


@given(any_texts, json_values)
@examples(300)
def test_any_text_renders_or_says_why_not(text, data):
    result, error = "", None
    try:
        result = render(text, data, limits=_LIMITS)
    except (ParseError, ExecutionError) as caught:
        error = caught
    assert error is None or (error.line >= 1 and error.column >= 1)
    if "{{" in text:
        assert len(result) <= _LIMITS.output_size
        result.encode()


@given(template_texts, json_values)
@examples(150)
def test_rendering_is_deterministic_and_leaves_the_data_alone(text, data):
    before = repr(data)

    def answer():
        try:
            return render(text, data, limits=_LIMITS)
        except (ParseError, ExecutionError) as error:
            return str(error)

    assert answer() == answer()
    assert repr(data) == before


@given(st.text(st.characters(exclude_characters="{")))
def test_plain_text_renders_to_itself(text):
    assert render(text, {}) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_comes_out_as_it_went_in(value):
    assert render("{{.a}}", {"a": value}) == value
    assert render("{{.a | quote}}", {"a": value}) == render('{{printf "%q" .a}}', {"a": value})


@pytest.mark.slow
@pytest.mark.timeout(_FUZZING_SECONDS + 120)
def test_fuzzing_on_from_what_it_has_found_finds_nothing_but_the_language_s_own_errors(tmp_path):
    found = tmp_path / "found"
    found.mkdir()
    for number, line in enumerate((Path(__file__).parent / "fuzz_gotemplate.corpus").read_text().splitlines()):
        (found / str(number)).write_bytes(bytes.fromhex(line))
    flags = [f"-max_total_time={_FUZZING_SECONDS}", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.fuzz_gotemplate", found, *flags],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None
    assert int(runs[1]) > number
