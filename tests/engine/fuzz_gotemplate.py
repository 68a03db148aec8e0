"""Feeds the template language with what atheris thinks up, for so many seconds; anything but its own errors is a crash.

Run as ``python -m tests.engine.fuzz_gotemplate FOLDER -max_total_time=60``: it starts from the inputs in the folder and
leaves those there that reach more. What it had found after 8 minutes is kept beside this file, a line an input, in hex.
"""

import sys

import atheris

with atheris.instrument_imports(include=["tasks.engine.gotemplate"]):
    from tasks.engine.gotemplate import ExecutionError, Limits, ParseError, loads, render

_DATA = loads('{"s": "text", "n": 1.50, "l": [1, "a", null], "m": {"k": {"d": true}}, "z": null}')
_LIMITS = Limits(output_size=50_000, memory=500_000, elements=5_000, steps=5_000, seconds=2)

#: Words that a random text would hardly ever hit upon.
_WORDS = (
    *("{{", "}}", "{{- ", " -}}", "{{/*", "*/}}", "{{if ", "{{else}}", "{{else if ", "{{end}}", "{{range ", "{{with "),
    *("{{break}}", "{{continue}}", '{{define "t"}}', '{{template "t" .}}', '{{block "b" .}}', "$x := ", "$i, $v := "),
    *(
        ".s",
        ".n",
        ".l",
        ".m.k.d",
        ".z",
        ".nope.x",
        "$",
        "$x",
        "(",
        ")",
        " | ",
        '"a"',
        "`b`",
        "'c'",
        "1",
        "-2.5e3",
        "1i",
    ),
    *(
        "printf ",
        '"%5.2f|%v|%[1]q|%x"',
        "index ",
        "len ",
        "eq ",
        "lt ",
        "and ",
        "or ",
        "not ",
        "print ",
        "html ",
        "js ",
    ),
    *("upper ", "default ", "toJson ", "fromJson ", "list ", "dict ", "set ", "merge ", "split ", "join ", "replace "),
    *("regexReplaceAll ", "substr ", "trunc ", "date ", "toDate ", "add ", "div ", "round ", "until ", "semver ", " "),
)


def one_text(given: bytes) -> None:
    """Build a text of words and raw characters, and render it."""
    source = atheris.FuzzedDataProvider(given)
    pieces: list[str] = []
    while source.remaining_bytes() and len(pieces) < 60:
        word = source.ConsumeIntInRange(0, len(_WORDS))
        pieces.append(_WORDS[word] if word < len(_WORDS) else source.ConsumeUnicode(4))
    text = "".join(pieces)
    try:
        result = render(text, _DATA, limits=_LIMITS)
        if "{{" in text:
            result.encode()
    except (ParseError, ExecutionError) as error:
        if error.line < 1 or error.column < 1:
            raise AssertionError(f"no place: {error!r}") from error


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_text)
    atheris.Fuzz()
