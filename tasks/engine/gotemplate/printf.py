"""``printf``: Go's verbs, flags, widths and complaints.

Start at ``sprintf``. Source: docs/template-language.md, "printf".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from tasks.engine.gotemplate.golang import (
    ABSENT,
    UNSIGNED_KINDS,
    GoError,
    array_bytes,
    is_nil,
    kind,
    to_bytes,
    type_name,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.printing import fields_of, go_string, sorted_keys
from tasks.engine.gotemplate.strconv import (
    INT64_MAX,
    INT64_MIN,
    can_backquote,
    format_float,
    is_print,
    quote,
    quote_rune,
)

_LARGEST_WIDTH = 1_000_000
_LARGEST_RESULT = 10_000_000
_COST_OF_A_VALUE = 40
_DEEPEST = 100


class _Budget:
    """How much may still be printed: a value can contain itself, or hold one list many times."""

    __slots__ = ("_left",)

    def __init__(self, largest: int) -> None:
        self._left = largest

    def spend(self, text: str) -> str:
        """The text, counted; GoError when it is too much. Each costs something beside its length: the time it takes."""
        self._left -= len(text) + _COST_OF_A_VALUE
        if self._left < 0:
            raise GoError("printf: the result is too large")
        return text


@dataclass(slots=True)
class _Spec:
    """What stands between the percent sign and the verb."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    plus_v: bool = False
    sharp_v: bool = False
    width: int | None = None
    precision: int | None = None
    budget: _Budget = field(default_factory=lambda: _Budget(_LARGEST_RESULT))

    def pad(self, text: str, *, zeros: bool = True) -> str:
        missing = (self.width or 0) - len(text)
        if missing <= 0:
            return text
        if self.minus:
            return text + " " * missing
        return ("0" if self.zero and zeros else " ") * missing + text

    def for_v(self) -> None:
        """Under %v the flags # and + ask for Go's syntax and for names, not for what they mean elsewhere."""
        self.sharp_v, self.sharp = self.sharp, False
        self.plus_v, self.plus = self.plus, False


_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def sprintf(form: str, values: Sequence[object], largest: int = _LARGEST_RESULT) -> str:
    """Go's Sprintf. Mistakes are told in the result, as Go does: ``%!d(string=x)``, ``%!(EXTRA int=1)``.

    Raises GoError for a result longer than ``largest``: a width costs nothing to write.
    """
    simple = _simple(form)
    if simple is not None and len(simple[1]) == len(values):
        texts = _simple_texts(simple[1], values)
        if texts is not None:
            if sum(map(len, texts)) > largest:
                raise GoError("printf: the result is too large")
            return simple[0].format(*texts)
    return _Printf(form, values, largest).run()


_FLAGGED = re.compile(r"%[^svd%]|%$")
_VERB = re.compile("%(.)")


@lru_cache(maxsize=512)
def _simple(form: str) -> tuple[str, str] | None:
    """A format of nothing but bare %s, %v, %d and %%, made ready for ``str.format``, and its verbs; else None."""
    if _FLAGGED.search(form.replace("%%", "")) is not None:
        return None
    verbs: list[str] = []

    def place(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        verbs.append(match[1])
        return "{}"

    return _VERB.sub(place, form.replace("{", "{{").replace("}", "}}")), "".join(verbs)


#: Types whose text under the bare verb is what Python makes of them too.
_SUITED = {
    "s": frozenset({str, JSONNumber}),
    "v": frozenset({str, int, JSONNumber}),
    "d": frozenset({int}),
}


def _simple_texts(verbs: str, values: Sequence[object]) -> list[str] | None:
    """The texts of values that suit their bare verbs; None when one does not."""
    texts: list[str] = []
    for verb, value in zip(verbs, values, strict=True):
        if type(value) not in _SUITED[verb]:
            return None
        texts.append(str(value))
    return texts


class _Printf:
    """One walk over a format."""

    def __init__(self, form: str, values: Sequence[object], largest: int) -> None:
        self._form = form
        self._budget = _Budget(largest)
        self._values = [JSONNumber(str(value)) if isinstance(value, Decimal) else value for value in values]
        self._at = 0
        self._argument = 0
        self._reordered = False
        self._good = True
        self._after_index = False
        self._out: list[str] = []

    def run(self) -> str:
        form, end = self._form, len(self._form)
        while self._at < end:
            percent = form.find("%", self._at)
            if percent < 0:
                self._out.append(form[self._at :])
                break
            self._out.append(form[self._at : percent])
            self._at = percent + 1
            if not self._verb():
                self._out.append("%!(NOVERB)")
                break
        if not self._reordered and self._argument < len(self._values):
            self._extra()
        return "".join(self._out)

    def _extra(self) -> None:
        spec = _Spec(budget=self._budget)
        told = [
            "<nil>" if value is None or value is ABSENT else f"{type_name(value)}={format_value(value, 'v', spec)}"
            for value in self._values[self._argument :]
        ]
        self._out.append(f"%!(EXTRA {', '.join(told)})")

    def _verb(self) -> bool:
        """Print one verb; False when the format ends before it."""
        form, end = self._form, len(self._form)
        spec = _Spec(budget=self._budget)
        self._good, self._after_index = True, False
        while self._at < end and form[self._at] in _FLAGS:
            setattr(spec, _FLAGS[form[self._at]], True)
            self._at += 1
        self._index()
        self._width(spec)
        if self._at + 1 < end and form[self._at] == ".":
            self._precision(spec)
        if not self._after_index:
            self._index()
        if self._at >= end:
            return False
        verb = form[self._at]
        self._at += 1
        self._out.append(self._printed(verb, spec))
        return True

    def _printed(self, verb: str, spec: _Spec) -> str:
        if verb == "%":
            return "%"
        if not self._good:
            return f"%!{verb}(BADINDEX)"
        if self._argument >= len(self._values):
            return f"%!{verb}(MISSING)"
        if verb in "vw":
            spec.for_v()
        value = self._values[self._argument]
        self._argument += 1
        return format_argument(value, verb, spec)

    def _width(self, spec: _Spec) -> None:
        if self._form[self._at : self._at + 1] == "*":
            self._at += 1
            spec.width = self._from_argument()
            if spec.width is None:
                self._out.append("%!(BADWIDTH)")
            elif spec.width < 0:
                spec.width, spec.minus, spec.zero = -spec.width, True, False
            self._after_index = False
            return
        spec.width = self._number()
        if self._after_index and spec.width is not None:
            self._good = False

    def _precision(self, spec: _Spec) -> None:
        self._at += 1
        if self._after_index:
            self._good = False
        self._index()
        if self._form[self._at : self._at + 1] == "*":
            self._at += 1
            found = self._from_argument()
            spec.precision = found if found is not None and found >= 0 else None
            if spec.precision is None:
                self._out.append("%!(BADPREC)")
            self._after_index = False
            return
        found = self._number()
        spec.precision = 0 if found is None else found

    def _from_argument(self) -> int | None:
        if self._argument >= len(self._values):
            return None
        value = self._values[self._argument]
        self._argument += 1
        whole = isinstance(value, int) and not isinstance(value, bool)
        return int(value) if whole and -_LARGEST_WIDTH <= value <= _LARGEST_WIDTH else None  # type: ignore[call-overload,operator]

    def _number(self, end: int | None = None) -> int | None:
        """The decimal number at this place; one too large swallows the rest of the format."""
        form, start = self._form, self._at
        limit = len(form) if end is None else end
        number = 0
        while self._at < limit and "0" <= form[self._at] <= "9":
            if number > _LARGEST_WIDTH:
                self._at = limit
                return None
            number = number * 10 + int(form[self._at])
            self._at += 1
        return number if self._at > start else None

    def _index(self) -> None:
        """An explicit argument index like [3], where one stands."""
        form = self._form
        self._after_index = False
        if form[self._at : self._at + 1] != "[":
            return
        self._reordered = True
        close = form.find("]", self._at + 1)
        if len(form) - self._at < 3 or close < 0:
            self._good = False
            self._at += 1
            return
        start = self._at
        self._at = start + 1
        number = self._number(close)
        well_formed = number is not None and self._at == close
        self._at = close + 1
        self._after_index = well_formed
        if number is not None and well_formed and 1 <= number <= len(self._values):
            self._argument = number - 1
        else:
            self._good = False


def format_argument(value: object, verb: str, spec: _Spec) -> str:
    """One operand under one verb."""
    if value is None or value is ABSENT:
        return spec.pad("<nil>") if verb in "Tv" else f"%!{verb}(<nil>)"
    if verb == "T":
        return _string(type_name(value), "s", spec, value)
    if verb == "p":
        return _pointer(value, spec)
    if isinstance(value, JSONNumber):
        # A kindness: Go knows only the text of such a number, and would say %!d(json.Number=5).
        plain = _plain_number(value, verb)
        if plain is not None:
            return format_value(plain, verb, spec)
    return format_value(value, verb, spec)


def _plain_number(number: JSONNumber, verb: str) -> int | float | None:
    """The number that the verb wants: a whole one as int, any other as float; None when the verb does not fit."""
    text = number.text
    whole = text.lstrip("-").isdigit() and len(text) < 21 and INT64_MIN <= int(text) <= INT64_MAX
    if whole:
        return int(text) if verb in "dbocOU" else None
    return float(number) if verb in "eEfFgG" else None


def format_value(value: object, verb: str, spec: _Spec, depth: int = 0, *, methods: bool = True) -> str:
    """A value under a verb; ``methods`` False leaves out its String method, as Go does within an error."""
    if depth > _DEEPEST:
        raise GoError("the value nests too deeply to be printed")
    text = _leaf(value, verb, spec, methods)
    return _composite(value, verb, spec, depth, methods) if text is None else spec.budget.spend(text)


def _leaf(value: object, verb: str, spec: _Spec, methods: bool) -> str | None:
    """A value that holds no others; None for one that does."""
    if value is None or value is ABSENT:
        if spec.sharp_v:
            return "interface {}(nil)"
        return "<nil>"
    if verb == "w":
        return _bad_verb(value, verb, spec)
    text = go_string(value) if methods and not spec.sharp_v and verb in "vsxXq" else None
    if text is not None:
        return _string(text, verb, spec, value)
    if isinstance(value, str | JSONNumber):
        return _string(str(value), verb, spec, value)
    if isinstance(value, bool):
        return spec.pad("true" if value else "false") if verb in "tv" else _bad_verb(value, verb, spec)
    if isinstance(value, int):
        return _integer(value, verb, spec)
    if isinstance(value, float):
        return _float(value, verb, spec, value)
    if isinstance(value, complex):
        return _complex(value, verb, spec)
    return None


def _bad_verb(value: object, verb: str, spec: _Spec) -> str:
    return f"%!{verb}({type_name(value)}={format_value(value, 'v', spec, methods=False)})"


def _composite(value: object, verb: str, spec: _Spec, depth: int, methods: bool) -> str:
    go_syntax = spec.sharp_v
    name = type_name(value) if go_syntax else ""
    if go_syntax and is_nil(value):
        return f"{name}(nil)"
    separator = ", " if go_syntax else " "

    def inner(item: object) -> str:
        return format_value(item, verb, spec, depth + 1, methods=methods)

    if isinstance(value, dict):
        items = separator.join(f"{inner(key)}:{inner(value[key])}" for key in sorted_keys(value))
        return f"{name}{{{items}}}" if go_syntax else f"map[{items}]"
    if isinstance(value, list | tuple):
        items = separator.join(map(inner, value))
        return f"{name}{{{items}}}" if go_syntax else f"[{items}]"
    array = array_bytes(value)
    if array is not None:
        if verb in "sqxX":
            return _bytes(array, verb, spec)
        items = separator.join(map(inner, array))
        return f"{name}{{{items}}}" if go_syntax else f"[{items}]"
    return _struct(value, verb, spec, depth)


def _struct(value: object, verb: str, spec: _Spec, depth: int) -> str:
    pointer = kind(value) == "ptr"
    name = type_name(value).lstrip("*") if spec.sharp_v else ""
    named = spec.sharp_v or spec.plus_v
    items = (", " if spec.sharp_v else " ").join(
        (f"{field}:" if named else "") + format_value(item, verb, spec, depth + 1)
        for field, item in fields_of(value).items()
    )
    return f"{'&' if pointer else ''}{name}{{{items}}}"


def _string(text: str, verb: str, spec: _Spec, value: object) -> str:
    if verb in "xX":
        return _hex_bytes(to_bytes(text), verb, spec)
    if verb in "svq" and spec.precision is not None:
        text = text[: spec.precision]
    if verb == "s" or (verb == "v" and not spec.sharp_v):
        return spec.pad(text)
    if verb in "qv":
        if spec.sharp and can_backquote(text):
            return spec.pad(f"`{text}`")
        return spec.pad(quote(text, ascii_only=spec.plus))
    return _bad_verb(value, verb, spec)


def _bytes(value: bytes, verb: str, spec: _Spec) -> str:
    if verb in "xX":
        return _hex_bytes(value, verb, spec)
    text = value.decode(errors="surrogateescape")
    return _string(text, verb, spec, text)


def _hex_bytes(value: bytes, verb: str, spec: _Spec) -> str:
    if spec.precision is not None:
        value = value[: spec.precision]
    if not value:
        return spec.pad("")
    digits = [f"{byte:02x}" for byte in value]
    prefix = "0x" if spec.sharp else ""
    text = " ".join(prefix + pair for pair in digits) if spec.space else prefix + "".join(digits)
    return spec.pad(text.upper() if verb == "X" else text)


_BASES = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_SHARP_PREFIX = {"b": "0b", "x": "0x", "X": "0X"}


def _integer(value: int, verb: str, spec: _Spec) -> str:
    unsigned = kind(value) in UNSIGNED_KINDS
    if verb == "v" and spec.sharp_v and unsigned:
        return _digits(value, "x", replace(spec, sharp=True))
    if verb in _BASES:
        return _digits(value, verb, spec)
    if verb == "c":
        return spec.pad(chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF else "\ufffd")
    if verb == "q":
        return spec.pad(quote_rune(value, ascii_only=spec.plus))
    if verb == "U":
        return _unicode(value & ((1 << 64) - 1), spec)
    return _bad_verb(value, verb, spec)


def _digits(value: int, verb: str, spec: _Spec) -> str:
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    least = 0
    if spec.precision is not None:
        least = spec.precision
        if least == 0 and value == 0:
            return " " * (spec.width or 0)
    elif spec.zero and not spec.minus and spec.width is not None:
        least = spec.width - len(sign)
    text = format(abs(int(value)), _BASES[verb]).rjust(least, "0")
    if spec.sharp:
        if verb in "oO" and not text.startswith("0"):
            text = f"0{text}"
        text = _SHARP_PREFIX.get(verb, "") + text
    if verb == "O":
        text = f"0o{text}"
    return spec.pad(sign + text, zeros=False)


def _unicode(code: int, spec: _Spec) -> str:
    text = f"U+{code:0{max(4, spec.precision or 0)}X}"
    if spec.sharp and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and is_print(chr(code)):
        text += f" '{chr(code)}'"
    return spec.pad(text, zeros=False)


_PRECISIONS = {"v": -1, "b": -1, "g": -1, "G": -1, "x": -1, "X": -1, "f": 6, "e": 6, "E": 6, "F": 6}


def _float(value: float, verb: str, spec: _Spec, shown: object) -> str:
    if verb not in _PRECISIONS:
        return _bad_verb(shown, verb, spec)
    precision = _PRECISIONS[verb] if spec.precision is None else spec.precision
    form = {"v": "g", "F": "f"}.get(verb, verb)
    text = format_float(value, form, precision)
    if text[0] not in "+-":
        text = f"+{text}"
    if spec.space and text[0] == "+" and not spec.plus:
        text = f" {text[1:]}"
    if text[1] in "IN":
        if text[1] == "N" and not spec.space and not spec.plus:
            text = text[1:]
        return spec.pad(text, zeros=False)
    if spec.sharp and verb != "b":
        text = _with_point(text, form, precision)
    if spec.plus or text[0] != "+":
        if spec.zero and not spec.minus and spec.width is not None and spec.width > len(text):
            return text[0] + text[1:].rjust(spec.width - 1, "0")
        return spec.pad(text)
    return spec.pad(text[1:])


def _with_point(text: str, verb: str, precision: int) -> str:
    """What the flag # asks for: a decimal point always, and the zeros at the end that %g leaves out."""
    missing = 0
    if verb in "gGx":
        missing = 6 if precision == -1 else precision
    marks = "pP" if verb in "xX" else "eEpP"
    cut = next((index for index, character in enumerate(text) if character in marks and index), len(text))
    number, tail = text[:cut], text[cut:]
    seen_digit = False
    for character in number[1:]:
        if character == ".":
            continue
        seen_digit = seen_digit or character != "0"
        if seen_digit:
            missing -= 1
    if "." not in number:
        if number[1:] == "0":
            missing -= 1
        number += "."
    return number + "0" * max(0, missing) + tail


def _complex(value: complex, verb: str, spec: _Spec) -> str:
    if verb not in _PRECISIONS:
        return _bad_verb(value, verb, spec)
    imaginary = _float(value.imag, verb, replace(spec, plus=True), value)
    return f"({_float(value.real, verb, spec, value)}{imaginary}i)"


def _pointer(value: object, spec: _Spec) -> str:
    if kind(value) not in ("map", "slice", "ptr"):
        return _bad_verb(value, "p", spec)
    return _digits(id(value), "x", replace(spec, sharp=not spec.sharp))
