"""Where the server is and who we are: options, then the environment, then a file."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_URL = "http://127.0.0.1:8081"


class SettingsError(Exception):
    """The file of settings cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``token`` wins over ``user`` and ``password``."""

    url: str = DEFAULT_URL
    token: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, user={self.user!r})"


def default_file() -> Path:
    """``UTASK_CLI_CONFIG``, else ``utask/config.toml`` in the user's folder of configuration."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(os.environ.get("UTASK_CLI_CONFIG") or Path(base, "utask", "config.toml"))


def read_settings(*, url: str | None = None, user: str | None = None) -> Settings:
    """The settings in force. Raises SettingsError with the file and what is wrong in it."""
    written = _from_file(default_file())

    def pick(name: str, given: str | None = None) -> str:
        return given or os.environ.get(f"UTASK_{name.upper()}") or written.get(name, "")

    return Settings(
        url=(pick("url", url) or DEFAULT_URL).rstrip("/"),
        token=pick("token"),
        user=pick("user", user),
        password=pick("password"),
    )


def _from_file(path: Path) -> dict[str, str]:
    try:
        content = path.read_text()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    try:
        found = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    wrong = [
        key
        for key, value in found.items()
        if key not in ("url", "token", "user", "password") or not isinstance(value, str)
    ]
    if wrong:
        raise SettingsError(f"{path}: {wrong[0]}: only url, token, user and password are known, each a text")
    return found
