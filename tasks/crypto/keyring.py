"""The storage keys: several can read, the first one writes.

This module knows formats and order of keys. Where keys come from (environment, configuration items, a generated
file) is told to it once by ``use_source``. Source: docs/operating.md, "Encryption keys".
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import yaml
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tasks.crypto.errors import KeyringError

#: Ciphers a configured key may name, and the bytes each wants. Ours is always AES-256-GCM, under a key derived from
#: the configured one; the name only says how long the key is and how rows of an imported database are read.
KEY_BYTES: Mapping[str, int] = {
    "aes-gcm": 32,
    "chacha20-poly1305": 32,
    "xchacha20-poly1305": 32,
    "aes-pmac-siv": 64,
    "hmac": 32,
}
#: The identifier of the keys that are ours; others are passed over.
IDENTIFIER = "storage"
#: Bytes of the label that each stored value carries.
LABEL_BYTES = 4
#: Separates the hexadecimal keys of the plain form.
_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class Key:
    """One configured key. ``material`` is never printed; ``label`` names it without telling anything of it."""

    material: bytes = field(repr=False)
    cipher: str = "aes-gcm"
    timestamp: int = 0

    @cached_property
    def label(self) -> bytes:
        """Four bytes that each value written under this key begins with."""
        return self._derive(b"utask storage, key id", LABEL_BYTES)

    @cached_property
    def id(self) -> str:
        """The label as people read it: eight hexadecimal digits."""
        return self.label.hex()

    @cached_property
    def storage_key(self) -> bytes:
        """The 32 bytes that encrypt. Derived, so that no other program using the same key shares our nonces."""
        return self._derive(b"utask storage, aes-256-gcm", 32)

    def _derive(self, purpose: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=purpose).derive(self.material)


class Keyring:
    """The keys in use, the one that writes first."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """Raises KeyringError without any key, or where two different keys have one label."""
        by_label: dict[bytes, Key] = {}
        for key in keys:
            known = by_label.setdefault(key.label, key)
            if known.material != key.material:
                raise KeyringError(f"two encryption keys share the id {key.id}: replace one of them")
        if not by_label:
            raise KeyringError(f"encryption key '{IDENTIFIER}' not found")
        self._by_label = by_label
        self.newest = next(iter(by_label.values()))

    @property
    def ids(self) -> list[str]:
        """Ids of all keys, the writing one first."""
        return [key.id for key in self._by_label.values()]

    @property
    def keys(self) -> list[Key]:
        """All keys, the writing one first."""
        return list(self._by_label.values())

    def by_label(self, label: bytes) -> Key | None:
        """The key that wrote values with this label; None where it is not configured."""
        return self._by_label.get(label)


def read_item(text: str) -> Key | None:
    """The key in one ``encryption-key`` item: a JSON or YAML object; None where its identifier is not ours.

    Raises KeyringError with the reason, which never quotes the key. Source: docs/operating.md, "Encryption keys".
    """
    try:
        item = yaml.safe_load(text)
    except yaml.YAMLError:
        raise KeyringError("encryption key: neither JSON nor YAML") from None
    if not isinstance(item, dict):
        raise KeyringError("encryption key: must be an object with identifier, cipher, timestamp and key")
    return _key_of_object({str(name).lower(): value for name, value in item.items()})


def _key_of_object(item: Mapping[str, object]) -> Key | None:
    if item.get("identifier") != IDENTIFIER:
        return None
    if item.get("sealed"):
        raise KeyringError("encryption key: sealed keys cannot be opened; configure the key itself")
    cipher, timestamp, text = item.get("cipher", "aes-gcm"), item.get("timestamp", 0), item.get("key")
    if not isinstance(cipher, str) or cipher not in KEY_BYTES:
        raise KeyringError(f"unknown cipher '{cipher}'; known: {', '.join(KEY_BYTES)}")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        raise KeyringError("encryption key: timestamp must be a whole number of seconds")
    if not isinstance(text, str):
        raise KeyringError("encryption key: key must be text (hexadecimal, base64 or the bytes themselves)")
    return Key(_material(text, KEY_BYTES[cipher]), cipher, timestamp)


def _material(text: str, wanted: int) -> bytes:
    """The key's bytes from hexadecimal, standard base64 or the raw text, told apart by length."""
    raw = text.encode()
    try:
        if len(raw) == wanted * 2:
            raw = bytes.fromhex(text)
        elif len(raw) == (wanted + 2) // 3 * 4:
            raw = base64.b64decode(raw, validate=True)
    except (ValueError, binascii.Error):
        raise KeyringError("encryption key: neither hexadecimal, base64 nor raw bytes") from None
    if len(raw) != wanted:
        raise KeyringError(f"encryption key: incorrect length: expected {wanted}, got {len(raw)}")
    return raw


def order_items(keys: Sequence[Key]) -> list[Key]:
    """Keys of configuration items, newest first. Raises KeyringError where the newest is not one key."""
    ordered = sorted(keys, key=lambda key: key.timestamp, reverse=True)
    if len(ordered) > 1 and ordered[0].timestamp == ordered[1].timestamp and ordered[0] != ordered[1]:
        raise KeyringError(f"ambiguous config: several encryption keys conflicting for '{IDENTIFIER}'")
    return ordered


def read_list(text: str) -> list[Key]:
    """Keys of the variable UTASK_ENCRYPTION_KEYS: either bare keys (newest first, separated by commas or blanks), or
    one JSON object or a JSON list of objects as in ``encryption-key`` items (the largest timestamp is the newest)."""
    text = text.strip()
    if not text.startswith(("{", "[")):
        return [Key(_material(part, KEY_BYTES["aes-gcm"])) for part in _SEPARATORS.split(text) if part]
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        raise KeyringError("UTASK_ENCRYPTION_KEYS: begins like JSON but is not") from None
    objects = document if isinstance(document, list) else [document]
    keys = [read_item(json.dumps(item)) for item in objects]
    return order_items([key for key in keys if key is not None])


_lock = Lock()
_source: Callable[[], Iterable[Key]] | None = None
_current: Keyring | None = None


def use_source(source: Callable[[], Iterable[Key]]) -> None:
    """Take the keys from ``source`` at their next use; what was read before is forgotten."""
    global _source, _current
    with _lock:
        _source, _current = source, None


def keyring() -> Keyring:
    """The keys of this process, read at first use. Raises KeyringError with the reason."""
    global _current
    current = _current
    if current is not None:
        return current
    with _lock:
        if _current is None:
            if _source is None:
                raise KeyringError("no source of encryption keys: Django has not been set up")
            _current = Keyring(_source())
        return _current
