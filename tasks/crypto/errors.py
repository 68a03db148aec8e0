"""What can go wrong with stored secrets. No message holds a key or a value."""

from django.db import DataError


class CipherError(Exception):
    """A stored value cannot be written or read; never answered with garbage instead."""


class KeyringError(CipherError):
    """The configured encryption keys are missing or wrong."""


class Unreadable(CipherError, DataError):
    """One value of the database cannot be read; the others can.

    Django's DataError too, so that whoever keeps a bad row from stopping all others does the same for this one.
    """


class UnknownKey(Unreadable):
    """The value was written under a key that is not configured."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"the value is encrypted under key {key_id}, which is not configured: "
            "add that key to the encryption keys (an older key stays readable beside the newest)"
        )
        self.key_id = key_id


class NotAuthentic(Unreadable):
    """The value was changed, moved from another place, or is no stored value at all."""


class UnknownCompression(Unreadable):
    """The value was packed by an algorithm that nobody brings."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the value is compressed by '{name}', which is not known: "
            "put back the init plugin that brings it (a value keeps the algorithm that it was written with)"
        )
        self.name = name


class BadlyPacked(Unreadable):
    """A value was sealed by one of our keys, and what is in it cannot be unpacked."""
