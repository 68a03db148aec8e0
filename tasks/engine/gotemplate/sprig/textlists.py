"""Texts to lists and back: split, splitList, splitn, join, sortAlpha, toStrings; and quote, squote, cat, toString."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import NilStrings, StringDict, Strings, byte_key, from_bytes, kind, to_bytes
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.printing import to_text
from tasks.engine.gotemplate.sprig.structures import elements
from tasks.engine.gotemplate.strconv import quote

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "toString", "any")(to_text)


@declare(FUNCTIONS, "split", "string", "string", with_run=True)
def _split(run: Run, separator: str, text: str) -> StringDict:
    """The parts under ``_0``, ``_1`` and so on."""
    return _numbered(_parts(run, separator, text, -1))


@declare(FUNCTIONS, "splitn", "string", "int", "string", with_run=True)
def _split_up_to(run: Run, separator: str, limit: int, text: str) -> StringDict:
    """As split, into so many parts at most, the last of which is not split; 0 gives none, a negative number all."""
    return _numbered(_parts(run, separator, text, limit))


@declare(FUNCTIONS, "splitList", "string", "string", with_run=True)
def _split_list(run: Run, separator: str, text: str) -> Strings:
    return Strings(_parts(run, separator, text, -1))


def _numbered(parts: list[str]) -> StringDict:
    return StringDict({f"_{index}": part for index, part in enumerate(parts)})


def _parts(run: Run, separator: str, text: str, limit: int) -> list[str]:
    if limit == 0:
        return []
    run.check_elements(text.count(separator) + 1 if limit < 0 else min(limit, text.count(separator) + 1))
    if separator:
        return [from_bytes(part) for part in to_bytes(text).split(to_bytes(separator), limit - 1 if limit > 0 else -1)]
    if limit < 0 or limit >= len(text):
        return list(text)
    return [*text[: limit - 1], text[limit - 1 :]]


@declare(FUNCTIONS, "join", "string", "any", with_run=True)
def _join(run: Run, separator: str, values: object) -> str:
    texts = _texts(values)
    run.check_size(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@declare(FUNCTIONS, "sortAlpha", "any")
def _sort(values: object) -> Strings:
    """The texts of the values, sorted byte by byte; what is no list is a list of one."""
    if isinstance(values, NilStrings):
        return values
    if kind(values) not in ("slice", "array"):
        return Strings([to_text(values)])
    return Strings(sorted(_texts(values), key=byte_key))


@declare(FUNCTIONS, "toStrings", "any")
def _texts(values: object) -> Strings:
    """The text of each value that is not nil; what is no list is a list of one."""
    if isinstance(values, Strings):
        return values
    if values is None:
        return Strings()
    if kind(values) not in ("slice", "array"):
        return Strings([to_text(values)])
    return Strings(to_text(value) for value in elements(values, "list the texts of") if value is not None)


@declare(FUNCTIONS, "quote", "any...")
def _quote(*values: object) -> str:
    """Each value's text between double quotes, escaped as in Go's source code; nil is left out."""
    return " ".join(quote(to_text(value)) for value in values if value is not None)


@declare(FUNCTIONS, "squote", "any...")
def _single_quote(*values: object) -> str:
    """Each value as printed between single quotes, nothing escaped; nil is left out."""
    return " ".join(f"'{to_text(value)}'" for value in values if value is not None)


@declare(FUNCTIONS, "cat", "any...")
def _cat(*values: object) -> str:
    """The values as printed with spaces between them; nil is left out."""
    return " ".join(to_text(value) for value in values if value is not None)
