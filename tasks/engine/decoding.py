"""A record of the declarations, read from a tree: names without regard to case, values by their declared kind.

Every fault goes to the report, and reading goes on with the property's default; so all faults are found at once.
Source: docs/templates.md, "From YAML to the template".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from tasks.engine.catalog import Path
from tasks.engine.declarations import FORMER_NAMES, RECORDS, Kind, Property, Record
from tasks.engine.gotemplate.gotime.durations import parse_duration
from tasks.engine.gotemplate.gotime.errors import DurationError
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.goyaml import YAMLError, json_value, scalar_text
from tasks.engine.nodes import Entry, Node, kind_of_node, note_line, note_place, plain
from tasks.engine.places import Report, did_you_mean

#: The values of a record by declared name; only those that the document has. Records in it are such maps again.
Fields = dict[str, Any]

_INT64 = 1 << 63


@dataclass
class Decoder:
    """Reads records from one document; what is wrong goes to ``report``.

    In YAML a number or boolean becomes a text where one is declared; JSON has no such excuse.
    """

    report: Report
    is_yaml: bool = False

    def record(self, record: Record, node: Node, path: Path) -> Fields:
        """The declared values that the mapping ``node`` has."""
        if not node.is_mapping:
            self.report.error(path, f"{_with_article(record.name)} must be an object, not {kind_of_node(node)}.")
            return {}
        found = self._known_entries(record, node, path)
        fields: Fields = {}
        for name, entry in found.items():
            place = (*path, name)
            note_line(entry.line, place, self.report.places)
            fields[name] = self._value(record.by_name[name], entry.node, place)
        for declared in record.required:
            if declared.name not in found or found[declared.name].node.value is None:
                self.report.error(path, f'{_with_article(record.name)} needs "{declared.name}".', declared.about)
        return fields

    def _known_entries(self, record: Record, node: Node, path: Path) -> dict[str, Entry]:
        """The entries that count, by declared name: the last of each, and of two spellings the exact one."""
        found: dict[str, Entry] = {}
        for entry in node.entries:
            declared = record.by_folded_name.get(entry.key.casefold())
            if declared is None:
                self._warn_of_unknown(record, entry, path)
                continue
            name = declared.name
            if name not in found or entry.key == name or found[name].key != name:
                found[name] = entry
        return found

    def _warn_of_unknown(self, record: Record, entry: Entry, path: Path) -> None:
        # An extra key at the top is where authors keep values for aliases.
        if entry.node.is_anchored and not path:
            return
        mend = FORMER_NAMES.get((record.name, entry.key)) or did_you_mean(
            entry.key, (declared.name for declared in record.properties), otherwise="It is ignored."
        )
        place = (*path, entry.key)
        note_line(entry.line, place, self.report.places)
        self.report.warning(place, f'{_with_article(record.name)} has no "{entry.key}".', mend)

    def _value(self, declared: Property, node: Node, path: Path) -> Any:
        note_place(node, path, self.report.places)
        return _READERS[declared.kind](self, declared, node, path)

    # One method for each kind of property ---------------------------------------------------------------------------

    def _text(self, declared: Property, node: Node, path: Path) -> str | None:
        text = self._plain_text(node, path)
        if text is None:
            return None if declared.nullable else ""
        if declared.choices and text not in declared.choices:
            known = [choice for choice in declared.choices if choice]
            self.report.error(
                path, f'"{text}" is no {declared.name}.', did_you_mean(text, known, f"Use one of {', '.join(known)}.")
            )
            return ""
        return text

    def _plain_text(self, node: Node, path: Path) -> str | None:
        """The text of a scalar; None for null and for what has none, which is reported."""
        if node.value is None or isinstance(node.value, str):
            return node.value
        text = None
        if self.is_yaml:
            text = scalar_text(node.value)
        if text is None:
            self.report.error(path, f"Expected a text, got {kind_of_node(node)}.")
        return text

    def _flag(self, declared: Property, node: Node, path: Path) -> bool:
        if node.value is None or isinstance(node.value, bool):
            return bool(node.value)
        self.report.error(path, f"Expected true or false, got {kind_of_node(node)}.")
        return False

    def _whole(self, declared: Property, node: Node, path: Path) -> int | None:
        if node.value is None:
            return None if declared.nullable else 0
        whole = _whole_number(node.value)
        if whole is None:
            self.report.error(path, f"Expected a whole number, got {_shown(node)}.")
            return 0
        return whole

    def _any(self, declared: Property, node: Node, path: Path) -> Any:
        return self._plain(node, path, as_doubles=declared.as_doubles)

    def _plain(self, node: Node, path: Path, *, as_doubles: bool = False) -> Any:
        return plain(node, path, self.report.places, partial(self._leaf, as_doubles=as_doubles))

    def _leaf(self, node: Node, path: Path, *, as_doubles: bool) -> Any:
        """A scalar as everything else works with it: a number of YAML becomes a JSON number."""
        if not self.is_yaml:
            return node.value
        try:
            return json_value(node, as_doubles=as_doubles)
        except YAMLError as error:
            self.report.error(path, error.what, error.mend)
            return None

    def _texts(self, declared: Property, node: Node, path: Path) -> tuple[str, ...]:
        found = []
        for index, element in enumerate(self._elements(node, path)):
            place = (*path, index)
            note_place(element, place, self.report.places)
            found.append(self._plain_text(element, place) or "")
        return tuple(found)

    def _text_by_name(self, declared: Property, node: Node, path: Path) -> dict[str, str]:
        found = {}
        for entry in self._entries(node, path):
            place = (*path, entry.key)
            note_line(entry.line, place, self.report.places)
            note_place(entry.node, place, self.report.places)
            found[entry.key] = self._plain_text(entry.node, place) or ""
        return found

    def _values(self, declared: Property, node: Node, path: Path) -> tuple[Any, ...]:
        return tuple(
            self._plain(element, (*path, index), as_doubles=declared.as_doubles)
            for index, element in enumerate(self._elements(node, path))
        )

    def _value_by_name(self, declared: Property, node: Node, path: Path) -> dict[str, Any]:
        self._entries(node, path)
        return self._plain(node, path, as_doubles=declared.as_doubles) if node.is_mapping else {}

    def _duration(self, declared: Property, node: Node, path: Path) -> tuple[timedelta, str] | None:
        """The span, and its text as written; None for the empty text."""
        text = self._plain_text(node, path)
        if not text:
            return None
        try:
            return _span(parse_duration(text).nanoseconds()), text
        except DurationError as error:
            self.report.error(path, f"{_sentence(str(error))}")
            return None

    def _delay(self, declared: Property, node: Node, path: Path) -> timedelta:
        if isinstance(node.value, str):
            span = self._duration(declared, node, path)
            return timedelta(0) if span is None else span[0]
        return _span(self._whole(declared, node, path) or 0)

    def _schema(self, declared: Property, node: Node, path: Path) -> Any:
        if not node.is_mapping and not isinstance(node.value, bool):
            self.report.error(path, f"A JSON schema must be an object, true or false, not {kind_of_node(node)}.")
            return None
        return self._plain(node, path)

    def _record(self, declared: Property, node: Node, path: Path) -> Fields | None:
        return None if node.value is None else self.record(RECORDS[declared.record], node, path)

    def _records(self, declared: Property, node: Node, path: Path) -> list[Fields | None]:
        found: list[Fields | None] = []
        for index, element in enumerate(self._elements(node, path)):
            place = (*path, index)
            note_place(element, place, self.report.places)
            if element.value is None:
                self.report.add(place, f"{_with_article(declared.record)} is null.", "Remove it.", declared.null_level)
                found.append(None)
            else:
                found.append(self.record(RECORDS[declared.record], element, place))
        return found

    def _record_by_name(self, declared: Property, node: Node, path: Path) -> dict[str, Fields | None]:
        found: dict[str, Fields | None] = {}
        for entry in self._entries(node, path):
            place = (*path, entry.key)
            note_line(entry.line, place, self.report.places)
            if entry.node.value is None:
                self.report.error(place, f'The {declared.record} "{entry.key}" is empty: its value is null.')
                found[entry.key] = None
            else:
                found[entry.key] = self.record(RECORDS[declared.record], entry.node, place)
        return found

    def _run_time(self, declared: Property, node: Node, path: Path) -> Any:
        return self._plain(node, path)

    def _elements(self, node: Node, path: Path) -> tuple[Node, ...]:
        if node.value is not None and not node.is_list:
            self.report.error(path, f"Expected a list, got {kind_of_node(node)}.")
        return node.elements

    def _entries(self, node: Node, path: Path) -> tuple[Entry, ...]:
        if node.value is not None and not node.is_mapping:
            self.report.error(path, f"Expected an object, got {kind_of_node(node)}.")
        return node.entries


_Reader = Callable[[Decoder, Property, Node, Path], Any]

_READERS: Mapping[Kind, _Reader] = {
    Kind.TEXT: Decoder._text,
    Kind.FLAG: Decoder._flag,
    Kind.WHOLE: Decoder._whole,
    Kind.ANY: Decoder._any,
    Kind.TEXTS: Decoder._texts,
    Kind.TEXT_BY_NAME: Decoder._text_by_name,
    Kind.VALUES: Decoder._values,
    Kind.VALUE_BY_NAME: Decoder._value_by_name,
    Kind.DURATION: Decoder._duration,
    Kind.DELAY: Decoder._delay,
    Kind.SCHEMA: Decoder._schema,
    Kind.RECORD: Decoder._record,
    Kind.RECORDS: Decoder._records,
    Kind.RECORD_BY_NAME: Decoder._record_by_name,
    Kind.RUN_TIME: Decoder._run_time,
}


def _span(nanoseconds: int) -> timedelta:
    """The span in whole microseconds, rounded away from zero: what is more than 20 s must not become 20 s."""
    microseconds = -(-abs(nanoseconds) // 1000)
    return timedelta(microseconds=microseconds if nanoseconds > 0 else -microseconds)


def _whole_number(value: Any) -> int | None:
    """The value as an integer of 64 bits; None for all others."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float | JSONNumber) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and -_INT64 <= value < _INT64 else None


def _shown(node: Node) -> str:
    value = node.value
    if isinstance(value, int | float | JSONNumber) and not isinstance(value, bool):
        return str(value)
    return kind_of_node(node)


def _with_article(name: str) -> str:
    return f"An {name}" if name[0] in "aeiou" else f"A {name}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
