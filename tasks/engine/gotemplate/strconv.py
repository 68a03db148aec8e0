"""Numbers and quoted text from and to strings, as Go's ``strconv`` does it.

Source: docs/template-language.md, "Literals".
"""

import math
import re

from tasks.engine.gotemplate.golang import from_bytes, to_bytes

INT64_MAX = (1 << 63) - 1
INT64_MIN = -(1 << 63)
UINT64_MAX = (1 << 64) - 1


class NumberError(ValueError):
    """The text is no number (``value`` is 0), or one out of range (``value`` is the nearest that fits)."""

    def __init__(self, function: str, text: str, reason: str, value: int | float) -> None:
        super().__init__(f"strconv.{function}: parsing {quote(text)}: {reason}")
        self.value = value


_UNDERSCORES = re.compile(r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bBoO](?:_?[0-9])+|[0-9](?:_?[0-9])*)")
_DIGITS = {2: re.compile("[01]+"), 8: re.compile("[0-7]+"), 10: re.compile("[0-9]+"), 16: re.compile("[0-9a-fA-F]+")}
_PREFIXES = {"0b": 2, "0o": 8, "0x": 16}


def parse_uint(text: str, base: int = 0, bits: int = 64) -> int:
    """An unsigned integer. Base 0 reads Go's prefixes ``0x 0b 0o 0`` and underscores. Raises NumberError."""
    return _magnitude("ParseUint", text, text, base, (1 << bits) - 1)


def parse_int(text: str, base: int = 0, bits: int = 64) -> int:
    """A signed integer, otherwise as ``parse_uint``. Raises NumberError."""
    negative = text.startswith("-")
    digits = text[1:] if text[:1] in ("+", "-") else text
    limit = 1 << (bits - 1)
    try:
        size = _magnitude("ParseInt", text, digits, base, limit if negative else limit - 1)
    except NumberError as error:
        error.value = -error.value if negative else error.value
        raise
    return -size if negative else size


def _magnitude(function: str, text: str, digits: str, base: int, largest: int) -> int:
    if base == 0:
        if "_" in digits:
            if _UNDERSCORES.fullmatch(digits) is None:
                raise NumberError(function, text, "invalid syntax", 0)
            digits = digits.replace("_", "")
        base = _PREFIXES.get(digits[:2].lower(), 0)
        if base:
            digits = digits[2:]
        elif len(digits) > 1 and digits[0] == "0":
            base, digits = 8, digits[1:]
        else:
            base = 10
    if _DIGITS[base].fullmatch(digits) is None:
        raise NumberError(function, text, "invalid syntax", 0)
    # A text longer than this cannot fit; Python refuses to convert very long ones, and would be slow.
    significant = digits.lstrip("0")
    value = int(significant or "0", base) if len(significant) <= 64 else largest + 1
    if value > largest:
        raise NumberError(function, text, "value out of range", largest)
    return value


_DIGITS_10 = "[0-9](?:_?[0-9])*"
_DIGITS_16 = "[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS_10}(?:\.(?:{_DIGITS_10})?)?|\.{_DIGITS_10})(?:[eE][+-]?{_DIGITS_10})?")
_HEX_FLOAT = re.compile(rf"[+-]?0[xX](?:_?{_DIGITS_16}(?:\.(?:{_DIGITS_16})?)?|\.{_DIGITS_16})[pP][+-]?{_DIGITS_10}")
_SPECIAL_FLOAT = re.compile(r"([+-]?)inf(?:inity)?|nan", re.IGNORECASE)


def parse_float(text: str) -> float:
    """A float: decimal or hexadecimal, with underscores between digits; ``inf`` and ``nan`` in any case.

    Raises NumberError; out of range its ``value`` is an infinity.
    """
    plain = text.replace("_", "")
    if _DECIMAL_FLOAT.fullmatch(text) is not None:
        value = float(plain)
    elif _HEX_FLOAT.fullmatch(text) is not None:
        value = _from_hex(plain)
    elif _SPECIAL_FLOAT.fullmatch(text) is not None:
        return float(text)
    else:
        raise NumberError("ParseFloat", text, "invalid syntax", 0)
    if math.isinf(value):
        raise NumberError("ParseFloat", text, "value out of range", value)
    return value


def _from_hex(text: str) -> float:
    mantissa, _, exponent = text.lower().partition("p")
    # Python reads exponents of any length; only its own range matters.
    try:
        return float.fromhex(f"{mantissa}p{exponent}")
    except OverflowError:
        return -math.inf if text.startswith("-") else math.inf


def format_float(value: float, verb: str, precision: int = -1) -> str:
    """The float in one of Go's formats ``e E f g G b x X``; precision -1: as many digits as reading it back takes."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _mantissa_and_power(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision >= 0:
        return f"{value:.{precision}{verb}}"
    return _shortest(value, verb)


#: Where shortest %g turns to an exponent: Go prints a million as 1e+06 however few its digits.
_FIRST_EXPONENT = 6


def _shortest(value: float, verb: str) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    if value == 0:
        point = 1
    if verb in "gG":
        verb = "f" if -4 <= point - 1 < _FIRST_EXPONENT else chr(ord(verb) - 2)
    if verb == "f":
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        if point >= len(digits):
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    power = point - 1
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}{verb}{'-' if power < 0 else '+'}{abs(power):02d}"


def _mantissa_and_power(value: float) -> str:
    mantissa, exponent = math.frexp(abs(value))
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    power = exponent - 53 if value else -1074
    if power < -1074:
        return f"{sign}{int(math.ldexp(abs(value), 1074))}p-1074"
    return f"{sign}{int(mantissa * (1 << 53))}p{power:+d}"


def _hexadecimal(value: float, precision: int) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return f"{sign}0x0{'.' + '0' * precision if precision > 0 else ''}p+00"
    fraction, exponent = math.frexp(abs(value))
    # 53 bits as 1.xxxx: one digit before the point and 13 after it.
    bits, power = int(fraction * (1 << 53)), exponent - 1
    if 0 <= precision < 13:
        shift = 52 - 4 * precision
        half, rest = 1 << (shift - 1), bits & ((1 << shift) - 1)
        bits >>= shift
        if rest > half or (rest == half and bits & 1):
            bits += 1
        bits <<= shift
        if bits >> 53:
            bits, power = bits >> 1, power + 1
    digits = f"{bits & ((1 << 52) - 1):013x}"
    digits = digits.rstrip("0") if precision < 0 else digits[:precision].ljust(precision, "0")
    return f"{sign}0x1{'.' + digits if digits else ''}p{'-' if power < 0 else '+'}{abs(power):02d}"


#: Printable since Unicode 15.0, which Go has; Python 3.11 knows Unicode 14.0.
_PRINTABLE_SINCE_15 = re.compile(
    "["
    "\u0cf3\u0ece\U00010efd-\U00010eff\U0001123f-\U00011241"
    "\U00011b00-\U00011b09\U00011f00-\U00011f10\U00011f12-\U00011f3a\U00011f3e-\U00011f59"
    "\U0001342f\U00013440-\U00013455\U0001b132\U0001b155"
    "\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a\U0001e030-\U0001e06d\U0001e08f"
    "\U0001e4d0-\U0001e4f9\U0001f6dc\U0001f774-\U0001f776\U0001f77b-\U0001f77f"
    "\U0001f7d9\U0001fa75-\U0001fa77\U0001fa87-\U0001fa88\U0001faad-\U0001faaf"
    "\U0001fabb-\U0001fabd\U0001fabf\U0001face-\U0001facf\U0001fada-\U0001fadb"
    "\U0001fae8\U0001faf7-\U0001faf8\U0002b739\U00031350-\U000323af"
    "]"
)


def is_print(character: str) -> bool:
    """Whether Go calls the character printable: letters, marks, numbers, punctuation, symbols and the ASCII space."""
    return character.isprintable() or _PRINTABLE_SINCE_15.fullmatch(character) is not None


_NAMED_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}


def _escaped(character: str, mark: str, ascii_only: bool) -> str:
    if character == mark:
        return "\\" + character
    if character in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if (code < 0x80 or not ascii_only) and is_print(character):
        return character
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if not 0xD800 <= code <= 0xDFFF else "\\ufffd"


_PERHAPS_ESCAPED = re.compile(r"[^ !#-\[\]-~]")


def quote(text: str, ascii_only: bool = False) -> str:
    """The text as a double-quoted Go literal."""
    if not text.isascii():
        text = from_bytes(to_bytes(text))
    return f'"{_PERHAPS_ESCAPED.sub(lambda match: _escaped(match[0], chr(34), ascii_only), text)}"'


def quote_rune(code: int, ascii_only: bool = False) -> str:
    """The character as a single-quoted Go literal; what is no character is U+FFFD."""
    valid = 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return f"'{_escaped(chr(code) if valid else chr(0xFFFD), chr(39), ascii_only)}'"


def can_backquote(text: str) -> bool:
    """Whether the text can stand between backquotes: one line, no control character but tab, no backquote."""
    return all(c == "\t" or (c >= " " and c not in "`\x7f\ufeff" and not "\ud800" <= c <= "\udfff") for c in text)


_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[^\\]", re.DOTALL
)
_NAMED = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


def unquote(literal: str) -> str:
    """The text of a Go literal between double quotes or backquotes. Raises ValueError."""
    mark, body = literal[0], literal[1:-1]
    if mark == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        value, is_byte, at = unquote_char(body, at, mark)
        pieces.append(bytes([value]) if is_byte else to_bytes(chr(value)))
    return from_bytes(b"".join(pieces))


def unquote_char(body: str, at: int, mark: str) -> tuple[int, bool, int]:
    """One character of a literal's body: its code, whether an escape made it a bare byte, where the next begins.

    Raises ValueError where there is no character, or only an unescaped ``mark``.
    """
    match = _ESCAPE.match(body, at)
    if match is None or match[0] == mark:
        raise ValueError("invalid syntax")
    named, two, octal, four, eight = match.groups()
    if named is not None:
        if named in "'\"" and named != mark:
            raise ValueError("invalid syntax")
        return _NAMED[named], False, match.end()
    if two is not None or octal is not None:
        code = int(two, 16) if two is not None else int(octal, 8)
        if code > 0xFF:
            raise ValueError("invalid syntax")
        return code, True, match.end()
    if four is not None or eight is not None:
        code = int(four or eight, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError("invalid syntax")
        return code, False, match.end()
    return ord(match[0]), False, match.end()
