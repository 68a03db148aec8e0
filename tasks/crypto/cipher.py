"""Encrypts what is stored: bytes and their place in, bytes out.

A stored value is ``version(1) ‖ key label(4) ‖ nonce(24) ‖ ciphertext ‖ tag(16)``: XAES-256-GCM
(https://c2sp.org/XAES-256-GCM), which is AES-256-GCM under a key derived from the first half of a long nonce, so that
no number of values wears a key out. Version 1 holds the value itself, version 2 one that was packed before (see
``compression``). The place ("table.column:row") is authenticated with it: a value copied elsewhere does not decrypt.
Source: docs/operating.md, "What is encrypted".
"""

import os
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from tasks.crypto import compression
from tasks.crypto.compression import Compression
from tasks.crypto.errors import CipherError, KeyringError, NotAuthentic, UnknownKey
from tasks.crypto.keyring import LABEL_BYTES, Keyring, keyring

__all__ = [
    "LABEL_PLACE",
    "Cipher",
    "CipherError",
    "KeyringError",
    "NotAuthentic",
    "UnknownKey",
    "decrypt",
    "encrypt",
    "encrypt_many",
    "key_id",
]

_PLAIN, _PACKED = b"\x01", b"\x02"
_HALF = 12
_TAG = 16
_HEADER = len(_PLAIN) + LABEL_BYTES
#: Where in a value its key's label stands: first byte, from 1 as SQL counts, and length.
LABEL_PLACE = (len(_PLAIN) + 1, LABEL_BYTES)
#: Values written under one derived key before the next is drawn. Nonces are random: 2^32 would be the limit, shared by
#: all processes forked from the one that drew the prefix.
_RENEW_AFTER = 1 << 22


@lru_cache(maxsize=4096)
def _derived(key: bytes, prefix: bytes) -> AESGCM:
    """AES-256-GCM under the key that XAES derives from the first half of the nonce (NIST SP 800-108, CMAC)."""
    # ECB over two counter blocks is the derivation itself; nothing of a value passes through it.
    block = BlockCipher(AES(key), ECB()).encryptor()  # noqa: S305  # nosec B305
    first = int.from_bytes(block.update(bytes(16)), "big") << 1
    subkey = (first ^ 0x87 if first >> 128 else first) & ((1 << 128) - 1)
    derived = b"".join(
        block.update((int.from_bytes(bytes((0, counter)) + b"X\x00" + prefix, "big") ^ subkey).to_bytes(16, "big"))
        for counter in (1, 2)
    )
    return AESGCM(derived)


class Cipher:
    """Encrypts under the newest key of a ring, decrypts under any of them. Safe for threads, and across a fork."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._prefix = os.urandom(_HALF)
        self._written = 0

    def encrypt(self, plaintext: bytes, context: str, packing: Compression | None = None) -> bytes:
        """A stored value that only opens in the same ``context`` ("table.column:row")."""
        return self._seal(plaintext, context, os.urandom(_HALF), packing)

    def encrypt_many(self, values: Iterable[tuple[bytes, str]], packing: Compression | None = None) -> list[bytes]:
        """``encrypt`` for each (plaintext, context), with one call for all their nonces."""
        values = list(values)
        nonces = os.urandom(_HALF * len(values))
        return [
            self._seal(plaintext, context, nonces[at : at + _HALF], packing)
            for (plaintext, context), at in zip(values, range(0, len(nonces), _HALF), strict=True)
        ]

    def decrypt(self, token: bytes, context: str) -> bytes:
        """The plaintext. Raises UnknownKey, NotAuthentic (changed, or moved), or what ``compression.unpack`` does."""
        token = bytes(token)
        label = _label(token)
        key = self._ring.by_label(label)
        if key is None:
            raise UnknownKey(label.hex())
        middle = _HEADER + _HALF
        sealer = _derived(key.storage_key, token[_HEADER:middle])
        try:
            opened = sealer.decrypt(
                token[middle : middle + _HALF], token[middle + _HALF :], token[:_HEADER] + context.encode()
            )
        except InvalidTag:
            raise NotAuthentic(
                f"the value does not belong to {context} under key {key.id}: it was changed, or copied from elsewhere"
            ) from None
        return compression.unpack(opened) if token[:1] == _PACKED else opened

    def _seal(self, plaintext: bytes, context: str, nonce: bytes, packing: Compression | None) -> bytes:
        self._written += 1
        if self._written > _RENEW_AFTER:
            self._prefix, self._written = os.urandom(_HALF), 0
        key, prefix = self._ring.newest, self._prefix
        packed = None if packing is None else packing.pack(plaintext)
        version, content = (_PLAIN, plaintext) if packed is None else (_PACKED, packed)
        header = version + key.label
        sealed = _derived(key.storage_key, prefix).encrypt(nonce, content, header + context.encode())
        return header + prefix + nonce + sealed


def key_id(token: bytes) -> str:
    """Id of the key that wrote the value; it need not be configured. Raises NotAuthentic for what we did not write."""
    return _label(bytes(token[: _HEADER + 2 * _HALF + _TAG])).hex()


def _label(token: bytes) -> bytes:
    if len(token) < _HEADER + 2 * _HALF + _TAG or token[:1] not in (_PLAIN, _PACKED):
        raise NotAuthentic("not an encrypted value of this application (cut short, or written by something else)")
    return token[1:_HEADER]


@lru_cache(maxsize=1)
def _cipher_of(ring: Keyring) -> Cipher:
    return Cipher(ring)


def encrypt(plaintext: bytes, context: str) -> bytes:
    """``Cipher.encrypt`` under this process's keys, compressed as is configured."""
    return _cipher_of(keyring()).encrypt(plaintext, context, compression.writing())


def encrypt_many(values: Iterable[tuple[bytes, str]]) -> list[bytes]:
    """``Cipher.encrypt_many`` under this process's keys, compressed as is configured: what a flush calls."""
    return _cipher_of(keyring()).encrypt_many(values, compression.writing())


def decrypt(token: bytes, context: str) -> bytes:
    """``Cipher.decrypt`` under this process's keys."""
    return _cipher_of(keyring()).decrypt(token, context)
