"""The functions that µTask adds to Go's and to sprig's, some of which they hide.

Source: docs/template-language.md, "µTask's own functions".
"""

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes, type_name, unshared
from tasks.engine.gotemplate.jsontext import dumps, with_valid_texts
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig.binarytext import BASE64_RAW, BadEncoding, decode

FUNCTIONS: dict[str, Function] = {}

#: Those that there are only where a template has variables.
VARIABLE_FUNCTIONS: dict[str, Function] = {}


class UUID:
    """What ``uuid`` gives: prints as 36 characters, has 16 bytes to ``len`` and ``index``."""

    __slots__ = ("_uuid",)

    go_type: ClassVar[str] = "main.UUID"
    go_kind: ClassVar[str] = "array"
    go_methods: ClassVar[Mapping[str, Function]] = {
        "String": Function("String", lambda value: value.go_string()),
    }

    def __init__(self, value: uuid.UUID) -> None:
        self._uuid = value

    def go_string(self) -> str:
        return str(self._uuid)

    def go_fields(self) -> Mapping[str, object]:
        return {}

    @property
    def bytes(self) -> "bytes":
        return self._uuid.bytes

    def go_json(self) -> str:
        return str(self._uuid)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UUID) and other._uuid == self._uuid

    def __hash__(self) -> int:
        return hash(self._uuid)


@declare(FUNCTIONS, "uuid")
def random_uuid() -> UUID:
    """A random UUID, version 4."""
    return UUID(uuid.uuid4())


def _at(root: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        if not isinstance(root, dict):
            return None
        root = root.get(key)
    return root


@declare(FUNCTIONS, "field", "string...", with_run=True)
def field(run: Run, *keys: str) -> object:
    """The value under those keys from the root of the data; nil where the path ends early. Without keys: everything."""
    return _at(run.root, keys)


@declare(FUNCTIONS, "fieldFrom", "any...")
def field_from(*keys: Any) -> object:
    """The same from its last argument."""
    if len(keys) < 2:
        raise GoError("fieldFrom wants at least one key, and last the object to look in")
    *path, root = keys
    if not isinstance(root, dict):
        raise GoError(f"fieldFrom looks in an object, not in a {type_name(root)}")
    for key in path:
        if not isinstance(key, str):
            raise GoError(f"fieldFrom wants its keys as strings, not as {type_name(key)}")
    return _at(root, tuple(path))


@declare(VARIABLE_FUNCTIONS, "eval", "string", with_run=True)
def evaluate(run: Run, name: str) -> object:
    """The value of a variable of the template, computed now."""
    if run.variables is None:
        raise GoError(f'there are no variables here, so no "{name}"')
    value = run.variables.evaluate(name)
    return unshared(value) if run.unshares else value


@declare(VARIABLE_FUNCTIONS, "evalCache", "string", with_run=True)
def evaluate_cached(run: Run, name: str) -> object:
    """The value of a variable of the template, computed once for this set of values."""
    if run.variables is None:
        raise GoError(f'there are no variables here, so no "{name}"')
    value = run.variables.evaluate_cached(name)
    return unshared(value) if run.unshares else value


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"not JSON: {constant}")


def _float_or_nothing(text: str) -> float | None:
    value = float(text)
    return None if value in (float("inf"), float("-inf")) else value


def _float(text: str) -> float:
    value = _float_or_nothing(text)
    if value is None:
        raise ValueError(f"number out of range: {text[:40]}")
    return value


_LENIENT = json.JSONDecoder(parse_int=_float_or_nothing, parse_float=_float_or_nothing, parse_constant=_refuse_constant)
_STRICT = json.JSONDecoder(parse_int=_float, parse_float=_float, parse_constant=_refuse_constant)


def _decoded(decoder: json.JSONDecoder, text: str) -> object:
    try:
        return with_valid_texts(decoder.decode(text), text)
    except RecursionError:
        raise ValueError("the JSON text nests too deeply") from None


@declare(FUNCTIONS, "fromJson", "string")
def from_json(text: str) -> object:
    """The value of a JSON text, its numbers as floats; nil for what is no JSON. A number beyond floats is nil."""
    try:
        return _decoded(_LENIENT, text)
    except ValueError:
        return None


@declare(FUNCTIONS, "mustFromJson", "string")
def must_from_json(text: str) -> object:
    """The value of a JSON text, its numbers as floats; an error for what is no JSON."""
    try:
        return _decoded(_STRICT, text)
    except ValueError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "b64RawEnc", "string")
def b64_raw_encode(text: str) -> str:
    """Base64 in the standard alphabet without padding."""
    return base64.b64encode(to_bytes(text)).decode().rstrip("=")


@declare(FUNCTIONS, "b64RawDec", "string")
def b64_raw_decode(text: str) -> str:
    """The text that was encoded without padding. Kept: for a bad one, the text of the error."""
    try:
        return from_bytes(decode(BASE64_RAW, to_bytes(text)))
    except BadEncoding as error:
        return str(error)


def _json(value: object) -> str:
    try:
        return dumps(value, html=True)
    except ValueError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "jsonmarshal", "any")
def jsonmarshal(value: object) -> str:
    """The JSON text of a value: µTask 1.2's name for ``toJson``."""
    return _json(value)


@declare(FUNCTIONS, "jsonfield", "string...", with_run=True)
def jsonfield(run: Run, *keys: str) -> str:
    """The JSON text of the value under those keys from the root of the data: µTask 1.2's ``field … | toJson``."""
    return _json(_at(run.root, keys))
