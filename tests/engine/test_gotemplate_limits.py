"""A hostile text cannot hurt a worker: each limit holds, and its error names it."""

import pytest

from tasks.engine.gotemplate import ExecutionError, Limits, ParseError, render

_DOUBLED = '{{$x := list "a"}}' + "{{$x = list $x $x}}" * 60
_SELF = '{{$d := dict}}{{$e := set $d "self" $d}}'


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ('{{repeat 200 "x"}}', "output_size"),
        ('{{range 60}}{{"xx"}}{{end}}', "output_size"),
        ('{{range 90}}{{$x := repeat 50 "x"}}{{end}}', "memory"),
        ("{{range 50}}{{$x := until 5}}{{end}}", "memory"),
        ("{{until 20}}", "elements"),
        ('{{splitList "," (repeat 30 ",")}}', "elements"),
        ('{{regexFindAll "" (repeat 30 "x") -1}}', "elements"),
        ("{{range 1000}}{{end}}", "steps"),
        ("{{range 30}}{{range 30}}{{end}}{{end}}", "steps"),
        ('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', "depth"),
    ],
)
def test_the_error_names_the_limit(text, limit):
    limits = Limits(output_size=100, memory=4000, elements=10, steps=500, depth=20)
    with pytest.raises(ExecutionError, match=f"limit {limit} = "):
        render(text, {}, limits=limits)


@pytest.mark.parametrize("text", ["{{if 1}}" * 101 + "{{end}}" * 101, "{{" + "(" * 101 + "1" + ")" * 101 + "}}"])
def test_a_text_that_nests_too_deeply_does_not_parse(text):
    with pytest.raises(ParseError, match="limit depth"):
        render(text, {})


def test_time_runs_out():
    with pytest.raises(ExecutionError, match="limit seconds = 0"):
        render("{{range 1000000}}{{end}}", {}, limits=Limits(seconds=0))


def test_time_runs_out_between_slow_functions():
    with pytest.raises(ExecutionError, match="limit seconds"):
        render('{{derivePassword 1 "pin" "p" "u" "s"}}', {}, limits=Limits(seconds=-1))


def test_a_hundred_levels_are_parsed_and_executed():
    assert render("{{if 1}}" * 100 + "x" + "{{end}}" * 100, {}) == "x"
    assert render("{{" + "(" * 100 + "1" + ")" * 100 + "}}", {}) == "1"


def test_a_chain_of_else_ifs_is_no_nesting():
    assert render("{{if .no}}" + "{{else if .no}}" * 2000 + "{{else}}x{{end}}", {}) == "x"


@pytest.mark.parametrize(
    "use",
    [
        "{{$x}}",
        "{{print $x}}",
        '{{printf "%v" $x}}',
        '{{printf "%d" $x}}',
        "{{toJson $x}}",
        "{{deepCopy $x | len}}",
        '{{join "," $x}}',
        "{{html $x}}",
        "{{quote $x}}",
        "{{cat $x}}",
        "{{dict $x 1}}",
        "{{toStrings $x}}",
    ],
)
def test_a_list_that_holds_one_list_many_times_is_refused_in_time(use):
    with pytest.raises(ExecutionError):
        render(_DOUBLED + use, {})


@pytest.mark.parametrize(
    "use",
    ["{{$d}}", '{{printf "%v" $d}}', '{{printf "%#v" $d}}', "{{toJson $d}}", "{{toPrettyJson $d}}", "{{deepCopy $d}}"],
)
def test_a_map_that_contains_itself_is_refused(use):
    with pytest.raises(ExecutionError, match=r"deep|itself"):
        render(_SELF + use, {})


@pytest.mark.parametrize(
    "text",
    [
        '{{$x := repeat 9000000 "x"}}{{replace "" $x $x}}',
        '{{$x := repeat 9000000 "x"}}{{print' + " $x" * 500 + "}}",
        '{{$x := repeat 9000000 "x"}}{{cat' + " $x" * 500 + "}}",
        '{{$x := repeat 9000000 "x"}}{{printf "' + "%s" * 500 + '"' + " $x" * 500 + "}}",
        '{{$x := repeat 9000000 "x"}}{{join $x (until 1000)}}',
        '{{printf "' + "%999999d" * 30 + '"' + " 1" * 30 + "}}",
        '{{$x := "a"}}' + "{{$x = print $x $x}}" * 60,
        '{{repeat 9000000 "x"}}' * 100,
        '{{snakecase (repeat 200001 "x")}}',
        '{{regexFind (repeat 50001 "a") "a"}}',
    ],
)
def test_a_text_cannot_make_more_than_its_share(text):
    with pytest.raises(ExecutionError):
        render(text, {})


@pytest.mark.parametrize(
    "text", ["{{" * 5000, "{{print " * 3000, "{{.a" + ".a" * 50_000 + "}}", "{{1" + "|print" * 5000 + "}}"]
)
def test_a_monstrous_text_renders_or_says_why_not(text):
    error = None
    try:
        result = render(text, {})
    except (ParseError, ExecutionError) as caught:
        error = caught
    assert isinstance(result, str) if error is None else error.line == 1
