"""Checksums of texts: sha1sum, sha256sum, sha512sum, adler32sum."""

import hashlib
import zlib

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import to_bytes

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "sha1sum", "string")
def _sha1(text: str) -> str:
    return hashlib.sha1(to_bytes(text), usedforsecurity=False).hexdigest()


@declare(FUNCTIONS, "sha256sum", "string")
def _sha256(text: str) -> str:
    return hashlib.sha256(to_bytes(text)).hexdigest()


@declare(FUNCTIONS, "sha512sum", "string")
def _sha512(text: str) -> str:
    return hashlib.sha512(to_bytes(text)).hexdigest()


@declare(FUNCTIONS, "adler32sum", "string")
def _adler32(text: str) -> str:
    return str(zlib.adler32(to_bytes(text)))
