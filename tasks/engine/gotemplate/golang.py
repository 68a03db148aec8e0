"""Go's view of a value: what kind it is, what it is called, whether it is true.

How Go's values stand in Python (this is the contract of every function of the language):

=====================================  =====================================================================
Go                                     Python
=====================================  =====================================================================
nil (an interface without a value)     ``None``
the value of an absent key             ``ABSENT``; functions never see it, they are given ``None``
bool                                   ``bool``
string                                 ``str``; a byte that is no UTF-8 stands as a lone surrogate (surrogateescape):
                                       ``to_bytes`` and ``from_bytes`` go to and fro
int                                    ``int`` itself, always within 64 bits (``wrap`` cuts)
int64, uint64, uint32, int32, uint8    ``Int64`` … : subclasses of ``int`` (arithmetic gives plain ``int``: wrap again)
float64                                ``float``
complex128                             ``complex``
json.Number (a number of the data)     ``JSONNumber``; a ``Decimal`` of the data passes for one, a ``tuple`` for a list
[]interface {}                         ``list``
[]string, []int, [][]interface {}      ``Strings``, ``Ints``, ``Lists``: subclasses of ``list``
map[string]interface {}                ``dict``
map[string]string                      ``StringDict``, a subclass of ``dict``
a nil map, a nil slice                 ``NilDict()``, ``NilList()``, ``NilStrings()``: empty; JSON ``null``
anything with methods or fields        an object of a class with the attributes of ``GoValue``
=====================================  =====================================================================

Lists and dicts of the data are shared with the caller: a function that changes one copies first, unless changing it is
what the function is for (``set``, ``unset``, ``merge``). Such a one is declared with ``changes=True``: a text that
calls it is executed on a copy of the data.
Source: docs/template-language.md, "Values".
"""

from collections.abc import Mapping
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, final, runtime_checkable

from tasks.engine.gotemplate.jsonnumbers import JSONNumber

if TYPE_CHECKING:
    from tasks.engine.gotemplate.functions import Function


class GoError(Exception):
    """What a function raises when it fails: Go's returned error, or its panic. The text is for the author."""


@final
class Absent:
    """The type of ``ABSENT``: what a key that is not there gives."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@runtime_checkable
class GoValue(Protocol):
    """A value with a Go type of its own: a time, a version, a certificate. The attributes belong to its class.

    ``go_string`` is Go's String method (None: there is none), ``go_fields`` the struct's exported fields in order
    (empty: none), ``go_json`` what Go's encoder makes of it, as plain values. A subclass of ``int`` that has only
    ``go_type`` and ``go_kind`` is a typed integer. An array of bytes has them as ``bytes``.
    """

    go_type: ClassVar[str]
    go_kind: ClassVar[str]
    go_methods: ClassVar[Mapping[str, "Function"]]

    def go_string(self) -> str | None: ...

    def go_fields(self) -> Mapping[str, object]: ...

    def go_json(self) -> object: ...


class Int64(int):
    go_type: ClassVar[str] = "int64"
    go_kind: ClassVar[str] = "int64"


class Int32(int):
    go_type: ClassVar[str] = "int32"
    go_kind: ClassVar[str] = "int32"


class Uint64(int):
    go_type: ClassVar[str] = "uint64"
    go_kind: ClassVar[str] = "uint64"


class Uint32(int):
    go_type: ClassVar[str] = "uint32"
    go_kind: ClassVar[str] = "uint32"


class Uint8(int):
    go_type: ClassVar[str] = "uint8"
    go_kind: ClassVar[str] = "uint8"


class Strings(list[str]):
    go_type: ClassVar[str] = "[]string"
    go_kind: ClassVar[str] = "slice"


class Ints(list[int]):
    go_type: ClassVar[str] = "[]int"
    go_kind: ClassVar[str] = "slice"


class Lists(list[list[object]]):
    go_type: ClassVar[str] = "[][]interface {}"
    go_kind: ClassVar[str] = "slice"


class StringDict(dict[str, str]):
    go_type: ClassVar[str] = "map[string]string"
    go_kind: ClassVar[str] = "map"


class NilDict(dict[str, object]):
    """A nil map: reads as empty; writing to it is Go's panic "assignment to entry in nil map"."""

    go_type: ClassVar[str] = "map[string]interface {}"
    go_kind: ClassVar[str] = "map"


class NilList(list[object]):
    go_type: ClassVar[str] = "[]interface {}"
    go_kind: ClassVar[str] = "slice"


class NilStrings(Strings):
    pass


#: Go's name and Go's kind of the types that stand for themselves.
_PLAIN: dict[type, tuple[str, str]] = {
    NoneType: ("<nil>", "invalid"),
    Absent: ("<nil>", "invalid"),
    bool: ("bool", "bool"),
    str: ("string", "string"),
    int: ("int", "int"),
    float: ("float64", "float64"),
    complex: ("complex128", "complex128"),
    list: ("[]interface {}", "slice"),
    tuple: ("[]interface {}", "slice"),
    dict: ("map[string]interface {}", "map"),
    JSONNumber: ("json.Number", "string"),
    Decimal: ("json.Number", "string"),
}

INTEGER_KINDS = frozenset({"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64"})
UNSIGNED_KINDS = frozenset(kind for kind in INTEGER_KINDS if kind.startswith("u"))


def type_and_kind(value: object) -> tuple[str, str]:
    """Go's name of the value's type (``%T``), and its kind as ``kindOf`` has it ("invalid" for nil)."""
    found = _PLAIN.get(type(value))
    if found is not None:
        return found
    go_type = getattr(value, "go_type", None)
    if go_type is not None:
        return go_type, type(value).go_kind  # type: ignore[attr-defined]  # the two come together
    for base in type(value).__mro__:
        if base in _PLAIN:
            return _PLAIN[base]
    name = type(value).__name__
    return name, "struct"


def type_name(value: object) -> str:
    """Go's name of the value's type: ``int``, ``[]interface {}``, ``json.Number``, ``time.Time``; nil is ``<nil>``."""
    return type_and_kind(value)[0]


def kind(value: object) -> str:
    """Go's kind: bool, string, int, int64, float64, complex128, slice, map, struct, ptr, array; nil is invalid."""
    return type_and_kind(value)[1]


def is_true(value: object) -> bool:
    """Truth as ``if``, ``and``, ``not`` see it: not the zero of its type. A number of the data is always true."""
    if isinstance(value, bool | int | float | complex | str | list | dict | tuple):
        return bool(value)
    return value is not None and value is not ABSENT


def is_nil(value: object) -> bool:
    """True for nil, an absent key, a nil map and a nil slice."""
    return value is None or value is ABSENT or isinstance(value, NilDict | NilList | NilStrings)


def unshared(value: object) -> object:
    """The value with every list and dict in it copied, for those who may change it."""
    if isinstance(value, dict):
        kind_of_dict = type(value) if isinstance(value, StringDict | NilDict) else dict
        return kind_of_dict({key: unshared(item) for key, item in value.items()})
    if isinstance(value, list) and type(value) is list:
        return [unshared(item) for item in value]
    return value


def array_bytes(value: object) -> bytes | None:
    """The bytes of an array, which its class has as ``bytes``; None for what is no array."""
    return getattr(value, "bytes", None) if getattr(value, "go_kind", None) == "array" else None


def wrap(value: int, bits: int = 64, *, signed: bool = True) -> int:
    """The integer that is left of ``value`` in that many bits, as Go's arithmetic overflows."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(
            c if not "\ud800" <= c <= "\udfff" or "\udc80" <= c <= "\udcff" else "\ufffd" for c in text
        ).encode(errors="surrogateescape")


def from_bytes(text: bytes) -> str:
    """The Go string of some bytes; those that are no UTF-8 become lone surrogates."""
    return text.decode(errors="surrogateescape")


def valid_text(text: str) -> str:
    """The string with U+FFFD for each byte that is no UTF-8: what leaves the language is always valid."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        whole = from_bytes(to_bytes(text))
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in whole)
    return text


def byte_key(text: str) -> bytes | str:
    """What to sort strings by: Go's order is by byte, which for valid text is Python's order by code point."""
    return to_bytes(text).decode("utf-8", "surrogateescape")
