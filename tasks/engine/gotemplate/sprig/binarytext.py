"""base64 and base32 decoded as Go's ``encoding`` packages do.

Line breaks are passed over, the last bits are not checked. The error names the byte that does not fit, as Go's does:
templates see its text.
"""

import string
from dataclasses import dataclass

_PAD = ord("=")
_NEWLINES = frozenset(b"\r\n")


class BadEncoding(ValueError):
    """The text is not encoded so."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An alphabet, and whether padding is asked for (without it, none is allowed)."""

    name: str
    digits: dict[int, int]
    is_padded: bool


def _digits(alphabet: str) -> dict[int, int]:
    return {byte: value for value, byte in enumerate(alphabet.encode())}


BASE64 = Encoding("base64", _digits(string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"), True)
BASE64_RAW = Encoding("base64", BASE64.digits, False)
BASE32 = Encoding("base32", _digits(string.ascii_uppercase + "234567"), True)


def decode(encoding: Encoding, text: bytes) -> bytes:
    """The bytes that were encoded. Raises BadEncoding."""
    return _decode_base32(text) if encoding is BASE32 else _decode_base64(encoding, text)


def _bad(encoding: Encoding, position: int) -> BadEncoding:
    return BadEncoding(f"illegal {encoding.name} data at input byte {position}")


def _decode_base64(encoding: Encoding, text: bytes) -> bytes:
    decoded = bytearray()
    values: list[int] = []
    position = 0
    while position < len(text):
        byte = text[position]
        position += 1
        value = encoding.digits.get(byte)
        if value is not None:
            values.append(value)
            if len(values) == 4:
                decoded += _packed(values, 6)
                values.clear()
        elif byte not in _NEWLINES:
            if byte != _PAD or not encoding.is_padded or len(values) < 2:
                raise _bad(encoding, position - 1)
            _check_padding(encoding, text, position, len(values))
            return bytes(decoded + _packed(values, 6))
    if values and (encoding.is_padded or len(values) == 1):
        raise _bad(encoding, position - len(values))
    return bytes(decoded + _packed(values, 6))


def _check_padding(encoding: Encoding, text: bytes, position: int, found: int) -> None:
    """Raise unless the rest is the other ``=``, where there must be two, and line breaks."""
    position = _past_newlines(text, position)
    if found == 2:
        if position == len(text):
            raise _bad(encoding, position)
        if text[position] != _PAD:
            raise _bad(encoding, position - 1)
        position = _past_newlines(text, position + 1)
    if position < len(text):
        raise _bad(encoding, position)


def _past_newlines(text: bytes, position: int) -> int:
    while position < len(text) and text[position] in _NEWLINES:
        position += 1
    return position


def _decode_base32(text: bytes) -> bytes:
    text = text.translate(None, b"\r\n")
    decoded = bytearray()
    values: list[int] = []
    for position, byte in enumerate(text):
        rest = len(text) - position - 1
        if byte == _PAD and len(values) >= 2 and rest < 8:
            _check_base32_padding(text, position, len(values))
            return bytes(decoded + _packed(values, 5))
        value = BASE32.digits.get(byte)
        if value is None:
            raise _bad(BASE32, position)
        values.append(value)
        if len(values) == 8:
            decoded += _packed(values, 5)
            values.clear()
    if values:
        raise _bad(BASE32, len(text) - len(values))
    return bytes(decoded)


def _check_base32_padding(text: bytes, position: int, found: int) -> None:
    """Raise unless the rest pads the last group; what comes after that is passed over."""
    padding = text[position + 1 : position + 8 - found]
    if len(padding) < 7 - found:
        raise _bad(BASE32, len(text))
    for index, byte in enumerate(padding):
        if byte != _PAD:
            raise _bad(BASE32, position + index)
    if found in (3, 6):
        raise _bad(BASE32, position)


def _packed(values: list[int], bits: int) -> bytes:
    """The whole bytes in a run of small numbers of so many bits."""
    number = 0
    for value in values:
        number = number << bits | value
    total = len(values) * bits
    return (number >> total % 8).to_bytes(total // 8, "big")
