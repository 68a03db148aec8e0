"""What ``format``, ``contentEncoding`` and ``contentMediaType`` know, with the original's idea of each."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from tasks.engine.gotemplate.golang import to_bytes
from tasks.engine.gotemplate.jsontext import loads_first
from tasks.engine.gotemplate.regexps import RegexpError, compile_pattern
from tasks.engine.gotemplate.sprig.webaddresses import InvalidUrl, Url, parse_url
from tasks.engine.gotemplate.times import TimeError, parse_time

_LABEL: Final = re.compile(r"[A-Za-z0-9-]{0,62}[A-Za-z0-9]")
#: The local part of an address: atoms joined by dots, or a text between quotes.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\U0010ffff]+"
_LOCAL_PART: Final = re.compile(
    rf"[ \t]*(?:{_ATOM}(?:\.{_ATOM})*|\"(?:[ \t\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[ \t\x21-\x7e])+\")"
)
_BYTE: Final = re.compile(r"[+-]?[0-9]+")
_RAW_PATH: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)", re.DOTALL)
_TEMPLATE_SEGMENT: Final = re.compile(r"[^{}]*(?:\{[^{}]*\}[^{}]*)*")
_LONE_TILDE: Final = re.compile(r"~(?![~01])")
_LEVELS_UP: Final = re.compile(r"0|[1-9][0-9]*")


def _reads_as(*layouts: str) -> Callable[[str], bool]:
    def reads(text: str) -> bool:
        for layout in layouts:
            try:
                parse_time(layout, text)
            except TimeError:
                continue
            return True
        return False

    return reads


def _is_hostname(text: str) -> bool:
    name = text.removesuffix(".")
    # Kept: no label may begin with a hyphen, but only the first is looked at for a digit.
    if len(name) > 253 or name[:1].isdigit() or name.startswith("-"):
        return False
    return all(_LABEL.fullmatch(label) for label in name.split("."))


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    if not at or len(to_bytes(text)) > 254 or len(to_bytes(local)) > 64:
        return False
    return _is_hostname(domain) and _LOCAL_PART.fullmatch(local) is not None


def _is_ipv4(text: str) -> bool:
    groups = text.split(".")
    return len(groups) == 4 and all(_BYTE.fullmatch(group) and 0 <= int(group[:20]) <= 255 for group in groups)


def _is_ipv6(text: str) -> bool:
    if ":" not in text or "%" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _url(text: str) -> Url | None:
    try:
        return parse_url(to_bytes(text))
    except InvalidUrl:
        return None


def _is_uri(text: str) -> bool:
    url = _url(text)
    return url is not None and url.scheme != b""


def _is_uri_reference(text: str) -> bool:
    return _url(text) is not None


def _is_uri_template(text: str) -> bool:
    url = _url(text)
    if url is None or url.opaque:
        return url is not None
    path = _RAW_PATH.match(text)
    assert path is not None
    return all(_TEMPLATE_SEGMENT.fullmatch(segment) for segment in path[1].split("/"))


def _is_regex(text: str) -> bool:
    try:
        compile_pattern(text)
    except RegexpError:
        return False
    return True


def _is_json_pointer(text: str) -> bool:
    return (not text or text.startswith("/")) and _LONE_TILDE.search(text) is None


def _is_relative_json_pointer(text: str) -> bool:
    levels = _LEVELS_UP.match(text)
    if levels is None:
        return False
    rest = text[levels.end() :]
    return rest == "#" or _is_json_pointer(rest)


def _decode_base64(text: str) -> bytes:
    return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)


def _is_json(data: bytes) -> bool:
    try:
        loads_first(data)
    except ValueError:
        return False
    return True


#: From an encoding's name to its decoder, which raises ValueError.
DECODERS: Final[Mapping[str, Callable[[str], bytes]]] = {"base64": _decode_base64}

MEDIA_TYPES: Final[Mapping[str, Callable[[bytes], bool]]] = {"application/json": _is_json}

FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date-time": _reads_as("2006-01-02T15:04:05Z07:00"),
    "date": _reads_as("2006-01-02"),
    "time": _reads_as("15:04:05Z07:00"),
    "hostname": _is_hostname,
    "email": _is_email,
    "ip-address": _is_ipv4,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": _is_uri,
    "iri": _is_uri,
    "uri-reference": _is_uri_reference,
    "uriref": _is_uri_reference,
    "iri-reference": _is_uri_reference,
    "uri-template": _is_uri_template,
    "regex": _is_regex,
    "json-pointer": _is_json_pointer,
    "relative-json-pointer": _is_relative_json_pointer,
    "encoding": DECODERS.__contains__,
    "mediatype": MEDIA_TYPES.__contains__,
}
FORMATS["format"] = FORMATS.__contains__


def fault(name: str, text: str) -> str:
    """What is wrong with a text that is to have a format; empty where nothing is."""
    if FORMATS[name](text):
        return ""
    if name == "regex":
        try:
            compile_pattern(text)
        except RegexpError as error:
            return f"must be a regular expression as RE2 has them: {error.reason}"
    return f"must be of the format {name}"


def decoded(encoding: str, text: str) -> bytes | None:
    """The bytes that an encoded text stands for; None where it is not encoded so."""
    try:
        return DECODERS[encoding](text)
    except (binascii.Error, ValueError):
        return None
