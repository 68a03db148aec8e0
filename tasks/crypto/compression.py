"""Makes a value shorter before it is sealed: bytes in, bytes out; each says itself how it was made.

A packed value is ``length of the name(1) ‖ algorithm's name ‖ length of the value(4) ‖ compressed``. It stands inside
what is sealed, so values of any algorithm, and of none, can lie in one column, whatever is configured today. Which one
writes is told by ``use_source``. Source: docs/operating.md, "Compression".
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tasks.crypto.errors import BadlyPacked, UnknownCompression

#: The name of none.
NONE = "noop"
#: Below this a packed value is hardly ever shorter, and only costs time.
_LEAST_BYTES = 200
#: Larger values are stored as they are. Nothing that claims to be larger is unpacked.
MOST_BYTES = 64 << 20
#: Of its length a value must lose at least one part in so many, or it is stored as it is.
_SAVES = 8
_SIZE = struct.Struct(">I")
_LONGEST_NAME = 64


class Codec(Protocol):
    """One algorithm. Both are called from several threads."""

    def compress(self, value: bytes) -> bytes:
        """The value, shorter if it can be."""

    def decompress(self, packed: bytes, size: int) -> bytes:
        """The value, which has ``size`` bytes; never makes more than one byte beyond it. May raise anything."""


class Deflate:
    """The algorithm ``gzip``: deflate, without gzip's own header and sum (what is sealed is authenticated)."""

    #: Little gain behind it, and much time: the flush of a runner waits for it.
    _LEVEL = 3
    #: Preparing the usual window of 32 kB takes ten times as long as compressing a small value.
    _SMALL_BYTES = 4096

    def compress(self, value: bytes) -> bytes:
        """Deflated, in a window as large as the value needs."""
        window, memory = (12, 4) if len(value) <= self._SMALL_BYTES else (15, 8)
        deflate = zlib.compressobj(self._LEVEL, zlib.DEFLATED, -window, memory)
        return deflate.compress(value) + deflate.flush()

    def decompress(self, packed: bytes, size: int) -> bytes:
        """Inflated, at most one byte beyond ``size``."""
        return zlib.decompressobj(-15).decompress(packed, size + 1)


@dataclass(frozen=True, slots=True)
class Compression:
    """An algorithm under its name."""

    name: str
    codec: Codec

    def pack(self, value: bytes) -> bytes | None:
        """The value with its label, compressed; None where that does not pay."""
        if not _LEAST_BYTES <= len(value) <= MOST_BYTES:
            return None
        label = self.name.encode()
        packed = b"".join((bytes((len(label),)), label, _SIZE.pack(len(value)), self.codec.compress(value)))
        return packed if len(packed) <= len(value) - len(value) // _SAVES else None


_by_name: dict[str, Compression] = {"gzip": Compression("gzip", Deflate())}
_source: Callable[[], str] | None = None


def add_codec(name: str, codec: Codec) -> None:
    """Another algorithm. It must be there as long as values are stored that it packed.

    Raises ValueError for a name that is ours, or none.
    """
    if name in (NONE, "gzip") or not 0 < len(name.encode()) <= _LONGEST_NAME:
        raise ValueError(f"compression algorithm {name!r}: the name must be another than noop and gzip, and short")
    _by_name[name] = Compression(name, codec)


def use_source(source: Callable[[], str]) -> None:
    """Ask ``source`` before each write for the name of the algorithm."""
    global _source
    _source = source


def writing() -> Compression | None:
    """What new values are packed by; None: they are not. Raises UnknownCompression."""
    name = NONE if _source is None else _source()
    return None if name == NONE else _named(name)


def unpack(packed: bytes) -> bytes:
    """The value in what ``pack`` gave. Raises UnknownCompression, or BadlyPacked for anything else."""
    try:
        behind = 1 + packed[0]
        name = packed[1:behind].decode()
        (size,) = _SIZE.unpack_from(packed, behind)
    except (IndexError, UnicodeDecodeError, struct.error):
        raise BadlyPacked("the label of a compressed value is broken") from None
    if size > MOST_BYTES:
        raise BadlyPacked(f"a compressed value claims to have {size} bytes; the most is {MOST_BYTES}")
    codec = _named(name).codec
    try:
        value = codec.decompress(packed[behind + _SIZE.size :], size)
    except Exception as error:  # an algorithm may be an operator's own and raise anything
        raise BadlyPacked(f"a value packed by {name} cannot be unpacked ({type(error).__name__})") from error
    if len(value) != size:
        raise BadlyPacked(f"a value packed by {name} does not have the {size} bytes that its label tells")
    return value


def _named(name: str) -> Compression:
    found = _by_name.get(name)
    if found is None:
        raise UnknownCompression(name)
    return found
