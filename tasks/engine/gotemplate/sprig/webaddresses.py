"""URLs taken apart and put together as Go's ``net/url`` does it (RFC 3986 with Go's own leniencies).

Works on bytes, for Go escapes and compares byte by byte. Knows nothing of templates; what they see is in ``url.py``.
"""

import ipaddress
import re
from dataclasses import dataclass
from string import ascii_letters, digits

_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
_SCHEME = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_PORT = re.compile(rb"(?::[0-9]*)?")
_USERINFO = re.compile(rb"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")

_PLAIN = frozenset((ascii_letters + digits + "-_.~").encode())
#: The bytes that stand for themselves, by part of the URL.
_UNESCAPED: dict[str, frozenset[int]] = {
    "path": _PLAIN | frozenset(b"$&+,/:;=@"),
    "user": _PLAIN | frozenset(b"$&+,;="),
    "fragment": _PLAIN | frozenset(b"$&+,/:;=?@!()*"),
    "host": _PLAIN | frozenset(b"!$&'()*+,;=:[]<>\""),
}


class InvalidUrl(ValueError):
    """The text is no URL."""


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of one URL, unescaped but for the query; ``user`` is None where there is no ``@``."""

    scheme: bytes = b""
    opaque: bytes = b""
    user: tuple[bytes, bytes | None] | None = None
    host: bytes = b""
    path: bytes = b""
    query: bytes = b""
    fragment: bytes = b""

    @property
    def hostname(self) -> bytes:
        """The host without its port and without the brackets of an IPv6 address."""
        host, colon, port = self.host.rpartition(b":")
        if not colon or _PORT.fullmatch(colon + port) is None:
            host = self.host
        if host.startswith(b"[") and host.endswith(b"]"):
            return host[1:-1]
        return host

    @property
    def userinfo(self) -> bytes:
        """Name and password as they stand in the URL; empty where there is none."""
        if self.user is None:
            return b""
        name, password = self.user
        text = _escape(name, "user")
        return text if password is None else text + b":" + _escape(password, "user")


def parse_url(text: bytes) -> Url:
    """The parts of ``text``. Raises InvalidUrl."""
    before, _, fragment = text.partition(b"#")
    if any(byte < 0x20 or byte == 0x7F for byte in before):
        raise InvalidUrl("invalid control character in URL")
    if before == b"*":
        return Url(path=b"*", fragment=_unescape(fragment, "fragment"))
    if before.startswith(b":"):
        raise InvalidUrl("missing protocol scheme")
    match = _SCHEME.fullmatch(before)
    scheme, rest = (match[1].lower(), match[2]) if match else (b"", before)
    rest, _, query = rest.partition(b"?")
    if not rest.startswith(b"/"):
        if scheme:
            return Url(scheme, opaque=rest, query=query, fragment=_unescape(fragment, "fragment"))
        if b":" in rest.split(b"/", 1)[0]:
            raise InvalidUrl("first path segment in URL cannot contain colon")
    user, host, path = _split_authority(scheme, rest)
    return Url(
        scheme, user=user, host=host, path=_unescape(path, "path"), query=query,
        fragment=_unescape(fragment, "fragment"),
    )  # fmt: skip


def join_url(url: Url) -> bytes:
    """The URL as one text, every part escaped as far as it must be."""
    text = url.scheme + b":" if url.scheme else b""
    if url.opaque:
        text += url.opaque
    else:
        if url.host or url.user is not None or (url.scheme and url.path):
            text += b"//"
        if url.user is not None:
            text += url.userinfo + b"@"
        text += _escape(url.host, "host")
        path = b"*" if url.path == b"*" else _escape(url.path, "path")
        if path and not path.startswith(b"/") and url.host:
            text += b"/"
        # A colon in the first segment would read as the end of a scheme.
        if not text and b":" in path.split(b"/", 1)[0]:
            text = b"./"
        text += path
    if url.query:
        text += b"?" + url.query
    if url.fragment:
        text += b"#" + _escape(url.fragment, "fragment")
    return text


def _split_authority(scheme: bytes, rest: bytes) -> tuple[tuple[bytes, bytes | None] | None, bytes, bytes]:
    """User, host and path of what follows the scheme."""
    if not rest.startswith(b"//") or (not scheme and rest.startswith(b"///")):
        return None, b"", rest
    authority, slash, path = rest[2:].partition(b"/")
    userinfo, at, host = authority.rpartition(b"@")
    host = _parse_host(host)
    if not at:
        return None, host, slash + path
    if _USERINFO.fullmatch(userinfo) is None:
        raise InvalidUrl("invalid userinfo")
    name, colon, password = userinfo.partition(b":")
    user = (_unescape(name, "user"), _unescape(password, "user") if colon else None)
    return user, host, slash + path


def _parse_host(host: bytes) -> bytes:
    if b"[" in host:
        return _parse_bracketed(host)
    _, colon, port = host.rpartition(b":")
    if _PORT.fullmatch(colon + port if colon else b"") is None:
        raise InvalidUrl(f"invalid port {port!r} after host")
    return _unescape(host, "host")


def _parse_bracketed(host: bytes) -> bytes:
    """An IPv6 address in brackets, perhaps with a zone (after ``%25``) and a port."""
    if not host.startswith(b"[") or b"[" in host[1:]:
        raise InvalidUrl("invalid IP-literal")
    address, bracket, port = host[1:].rpartition(b"]")
    if not bracket:
        raise InvalidUrl("missing ']' in host")
    if _PORT.fullmatch(port) is None:
        raise InvalidUrl(f"invalid port {port!r} after host")
    name, percent, zone = address.partition(b"%25")
    address = _unescape(name, "host") + _unescape(percent + zone, "zone")
    try:
        ipaddress.IPv6Address(address.decode("utf-8", "surrogateescape"))
    except ValueError as error:
        raise InvalidUrl(f"invalid host: {error}") from error
    return b"[" + address + b"]" + port


def _escape(text: bytes, part: str) -> bytes:
    plain = _UNESCAPED[part]
    return b"".join(bytes((byte,)) if byte in plain else b"%%%02X" % byte for byte in text)


def _unescape(text: bytes, part: str) -> bytes:
    """The text without its ``%XX``. Raises InvalidUrl where one is broken, or where a host may not hold it."""
    pieces = text.split(b"%")
    is_host = part in ("host", "zone")
    if is_host:
        _check_host(b"".join((pieces[0], *(piece[2:] for piece in pieces[1:]))))
    result = [pieces[0]]
    for piece in pieces[1:]:
        if _HEX.match(piece) is None:
            raise InvalidUrl(f"invalid URL escape {b'%' + piece[:2]!r}")
        byte = int(piece[:2], 16)
        # A host may escape no ASCII but the percent sign itself; a zone what it could also hold as it is.
        allowed = {"host": byte >= 0x80, "zone": byte == 0x20 or byte in _UNESCAPED["host"]}.get(part, True)
        if not allowed and byte != 0x25:
            raise InvalidUrl(f"invalid URL escape {b'%' + piece[:2]!r}")
        result += (bytes((byte,)), piece[2:])
    return b"".join(result)


def _check_host(text: bytes) -> None:
    for byte in text:
        if byte < 0x80 and byte not in _UNESCAPED["host"]:
            raise InvalidUrl(f"invalid character {bytes((byte,))!r} in host name")
