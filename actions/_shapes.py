"""How a value of each declared type is read, checked and described.

A configuration comes in layers: the base configuration first, the step's own over it. Each shape lays the layers of its
place over one another by the rules of docs/actions.md, "Decoding", and reports every fault it sees, not the first.
Start at ``Declaration``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from actions._contract import ConfigProblem, Level, Origin
from actions._durations import parse_duration
from actions._fields import Field

#: The value of a place that nothing was said about, or whose handle is not rendered yet.
UNKNOWN: Final = object()

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_DIGITS = re.compile(r"[0-9]+")
_INTEGER = re.compile(r"-?[0-9]+")
_HANDLE_SCHEMA = {"type": "string", "pattern": r"\{\{"}


@dataclass(frozen=True)
class Layer:
    """What one source says at one place."""

    origin: Origin
    path: tuple[str | int, ...]
    raw: Any

    def inside(self, key: str | int, raw: Any) -> Layer:
        return Layer(self.origin, (*self.path, key), raw)


@dataclass
class Reading:
    """One pass over a configuration: before rendering (``rendered`` False) or after."""

    rendered: bool
    loads: Callable[[str], Any]
    former_keys: Mapping[str, str] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)

    def fault(self, layer: Layer, rule: Field, what: str, mend: str = "", *, wrong_type: bool = False) -> None:
        """Report what is wrong with a value. A wrong type always refuses a template: nothing rendered can mend it."""
        level: Level = "error" if wrong_type else rule.at_load
        self.problems.append(ConfigProblem(layer.path, what, mend, level, layer.origin, rule.at_run))

    def is_handle(self, raw: Any) -> bool:
        """Is this a text whose value is not known before rendering?"""
        return not self.rendered and isinstance(raw, str) and "{{" in raw


def type_word(raw: Any) -> str:
    """What an author calls the type of a value."""
    match raw:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a number"


def after_null(layers: Sequence[Layer]) -> list[Layer]:
    """The layers after the last null, which clears what was under it."""
    kept: list[Layer] = []
    for layer in layers:
        kept = [] if layer.raw is None else [*kept, layer]
    return kept


class Shape:
    """One declared type."""

    #: The type in words, for messages and documentation.
    words = "any value"
    zero: Any = None

    def __init__(self, rule: Field) -> None:
        self.rule = rule

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        """The value, or UNKNOWN. An unfit layer is reported and passed over."""
        raise TypeError(f"{type(self).__name__} cannot be read")

    def schema(self) -> dict[str, Any]:
        """JSON schema (draft 7) of what may be written here."""
        return {}

    def shown(self, raw: str) -> str:
        """A value in a message: cut, and never a secret."""
        return "the value" if self.rule.secret else repr(raw if len(raw) <= 40 else raw[:40] + "…")


class FreeShape(Shape):
    """Any value, taken as it is."""

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        return layers[-1].raw if layers else UNKNOWN


class TextShape(Shape):
    """A text, or something that is written as one."""

    words = "text"
    zero: Any = ""
    #: Is an empty text the same as an absent key?
    empty_is_absent = False

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        value: Any = UNKNOWN
        for layer in layers:
            if layer.raw is None:
                continue
            if self.fits(layer.raw):
                value = layer
            else:
                self.wrong_type(layer, reading)
        return value if value is UNKNOWN else self.checked(value, reading)

    def fits(self, raw: Any) -> bool:
        return isinstance(raw, str)

    def wrong_type(self, layer: Layer, reading: Reading) -> None:
        mend = "Put it in quotes." if type_word(layer.raw) in ("a number", "a boolean") else ""
        reading.fault(layer, self.rule, f"must be {self.words}, not {type_word(layer.raw)}.", mend, wrong_type=True)

    def checked(self, layer: Layer, reading: Reading) -> Any:
        raw = layer.raw
        if raw == "" and self.empty_is_absent:
            return UNKNOWN
        if reading.is_handle(raw):
            if self.rule.literal:
                reading.fault(
                    layer,
                    self.rule,
                    "a template handle cannot stand here: the value is needed when the template is loaded.",
                    "Write the value itself.",
                )
            return self.unrendered(raw)
        try:
            value = self.convert(raw)
        except ValueError as error:
            reading.fault(layer, self.rule, f"{self.shown(str(raw))} is not {self.words}.", str(error))
            return UNKNOWN
        self.check(value, layer, reading)
        return value

    def unrendered(self, raw: str) -> Any:
        """What stands for a text that still has to be rendered."""
        return raw

    def convert(self, raw: Any) -> Any:
        """The value; ValueError with a mend."""
        return raw

    def check(self, value: Any, layer: Layer, reading: Reading) -> None:
        rule = self.rule
        if len(value) < rule.min_length:
            what = "must not be empty." if rule.min_length == 1 else f"must have {rule.min_length} characters or more."
            reading.fault(layer, rule, what)
        elif rule.max_length is not None and len(value) > rule.max_length:
            reading.fault(layer, rule, f"must not be longer than {rule.max_length} characters.")
        elif rule.choices and value not in rule.choices:
            close = difflib.get_close_matches(value.lower(), [c.lower() for c in rule.choices], n=1)
            meant = next((f" Did you mean {c!r}?" for c in rule.choices if close and c.lower() == close[0]), "")
            reading.fault(
                layer,
                rule,
                f"{self.shown(value)} is not allowed.",
                f"Allowed: {', '.join(filter(None, rule.choices))}.{meant}",
            )
        elif rule.check is not None and (said := rule.check(value)):
            reading.fault(layer, rule, said)

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        if self.rule.min_length:
            schema["minLength"] = self.rule.min_length
        if not self.rule.choices:
            return schema
        chosen = {"enum": list(self.rule.choices)}
        return chosen if self.rule.literal else {"anyOf": [chosen, _HANDLE_SCHEMA]}


class _ConvertedText(TextShape):
    """A text that stands for another value; before rendering a handle stands for the default."""

    empty_is_absent = True
    #: What the text must look like, for editors.
    pattern = ""

    def unrendered(self, raw: str) -> Any:
        return UNKNOWN

    def check(self, value: Any, layer: Layer, reading: Reading) -> None:
        rule = self.rule
        if rule.ge is not None and value < rule.ge:
            reading.fault(layer, rule, f"{self.shown(str(layer.raw))} is too small.", f"Least: {rule.ge}.")
        elif rule.le is not None and value > rule.le:
            reading.fault(layer, rule, f"{self.shown(str(layer.raw))} is too large.", f"Most: {rule.le}.")

    def schema(self) -> dict[str, Any]:
        pattern = self.pattern if self.rule.literal else rf"(^$|{self.pattern}|\{{\{{)"
        return {"type": "string", "pattern": pattern}


class DurationShape(_ConvertedText):
    words = "a duration (such as 30s or 1m30s)"
    zero: Any = timedelta(0)
    pattern = r"^[-+]?(0|([0-9]*\.?[0-9]*(ns|us|µs|μs|ms|s|m|h))+)$"

    def convert(self, raw: Any) -> timedelta:
        try:
            return parse_duration(raw)
        except ValueError:
            mend = f'Perhaps "{raw}s".' if _DIGITS.fullmatch(raw) else "Units: ns, us, ms, s, m, h."
            raise ValueError(mend) from None


class BooleanTextShape(_ConvertedText):
    words = 'a boolean as text ("true" or "false")'
    zero: Any = False
    pattern = "^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$"

    def convert(self, raw: Any) -> bool:
        if raw in _TRUE or raw in _FALSE:
            return raw in _TRUE
        raise ValueError("")


class NumberTextShape(_ConvertedText):
    words = "a number as text (digits)"
    zero: Any = 0
    pattern = "^[0-9]+$"

    def convert(self, raw: Any) -> int:
        # Python refuses to read very long numbers, by ValueError too.
        if not _DIGITS.fullmatch(raw):
            raise ValueError("")
        return int(raw)


class BooleanShape(_ConvertedText):
    words = "a boolean"
    zero: Any = False

    def fits(self, raw: Any) -> bool:
        return isinstance(raw, bool | str)

    def convert(self, raw: Any) -> bool:
        if isinstance(raw, bool):
            return raw
        if raw in _TRUE or raw in _FALSE:
            return raw in _TRUE
        raise ValueError("Write true or false.")

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"} if self.rule.literal else {"anyOf": [{"type": "boolean"}, _HANDLE_SCHEMA]}


class IntegerShape(_ConvertedText):
    words = "a whole number"
    zero: Any = 0

    def fits(self, raw: Any) -> bool:
        return type_word(raw) in ("a number", "a text")

    def convert(self, raw: Any) -> int:
        text = str(raw)
        if not _INTEGER.fullmatch(text):
            raise ValueError("")
        return int(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer"} if self.rule.literal else {"anyOf": [{"type": "integer"}, _HANDLE_SCHEMA]}


class _Container(Shape):
    """A list or a map: written as such, or as a text with its JSON."""

    python: type = object

    def layers_of(self, layers: Sequence[Layer], reading: Reading) -> list[Layer] | None:
        """The layers to lay over one another, texts read as JSON; None when one of them still has to be rendered."""
        known = True
        fitting = []
        for layer in after_null(layers):
            raw = layer.raw
            if isinstance(raw, str):
                if raw == "":
                    continue
                if reading.is_handle(raw) and not self.rule.literal:
                    known = False
                    continue
                layer = Layer(layer.origin, layer.path, self._from_json(raw, reading))
                if layer.raw is None:  # the text "null"
                    continue
            if isinstance(layer.raw, self.python):
                fitting.append(layer)
            elif isinstance(raw, str):
                reading.fault(layer, self.rule, f"must be {self.words}, as such or as a text with its JSON.")
            else:
                reading.fault(layer, self.rule, f"must be {self.words}, not {type_word(raw)}.", wrong_type=True)
        return fitting if known else None

    @staticmethod
    def _from_json(text: str, reading: Reading) -> Any:
        try:
            return reading.loads(text)
        except ValueError:
            return UNKNOWN

    def check_size(self, size: int, layer: Layer, reading: Reading) -> None:
        rule = self.rule
        if size < rule.min_length:
            reading.fault(layer, rule, "must not be empty." if rule.min_length == 1 else f"needs {rule.min_length}.")
        elif rule.max_length is not None and size > rule.max_length:
            reading.fault(layer, rule, f"has {size} elements.", f"Most: {rule.max_length}.")


class ListShape(_Container):
    python = list

    def __init__(self, rule: Field, item: Shape) -> None:
        super().__init__(rule)
        self.item = item
        self.words = f"a list of {item.words.removeprefix('a ').removeprefix('an ')}s"

    @property
    def zero(self) -> Any:  # a fresh list each time
        return []

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        fitting = self.layers_of(layers, reading)
        if not fitting:
            return UNKNOWN
        self.check_size(len(fitting[-1].raw), fitting[-1], reading)
        return [self._element(index, fitting, reading) for index in range(len(fitting[-1].raw))]

    def _element(self, index: int, layers: Sequence[Layer], reading: Reading) -> Any:
        """An element lies over the one at the same position below: docs/actions.md, "Decoding"."""
        here = [layer.inside(index, layer.raw[index]) for layer in layers if index < len(layer.raw)]
        value = self.item.read(here, reading)
        return self.item.zero if value is UNKNOWN else value

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        if self.rule.min_length:
            schema["minItems"] = self.rule.min_length
        if self.rule.max_length is not None:
            schema["maxItems"] = self.rule.max_length
        return schema if self.rule.literal else {"anyOf": [schema, {"type": "string"}]}


class MapShape(_Container):
    python = dict

    def __init__(self, rule: Field, item: Shape) -> None:
        super().__init__(rule)
        self.item = item
        self.words = "an object" if isinstance(item, FreeShape) else f"an object of {item.words}s"

    @property
    def zero(self) -> Any:  # a fresh map each time
        return {}

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        fitting = self.layers_of(layers, reading)
        if not fitting:
            return UNKNOWN
        merged = {}
        for layer in fitting:
            if isinstance(self.item, FreeShape):
                merged.update(layer.raw)
                continue
            for key, raw in layer.raw.items():
                value = self.item.read([layer.inside(key, raw)], reading)
                merged[key] = self.item.zero if value is UNKNOWN else value
        self.check_size(len(merged), fitting[-1], reading)
        return merged

    def schema(self) -> dict[str, Any]:
        item = self.item.schema()
        if isinstance(self.item, TextShape):
            item = {"anyOf": [item, {"type": "null"}]}
        schema = {"type": "object", "additionalProperties": item} if item else {"type": "object"}
        return schema if self.rule.literal else {"anyOf": [schema, {"type": "string"}]}
