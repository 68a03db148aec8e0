"""What can go wrong with stored secrets. No message holds a key or a value."""


class CipherError(Exception):
    """A stored value cannot be written or read; never answered with garbage instead."""


class KeyringError(CipherError):
    """The configured encryption keys are missing or wrong."""


class UnknownKey(CipherError):
    """The value was written under a key that is not configured."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"the value is encrypted under key {key_id}, which is not configured: "
            "add that key to the encryption keys (an older key stays readable beside the newest)"
        )
        self.key_id = key_id


class NotAuthentic(CipherError):
    """The value was changed, moved from another place, or is no stored value at all."""
