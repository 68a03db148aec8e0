"""Secrets that are made at the first start and kept in the folder UTASK_VAR, readable by their owner alone."""

import os
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text in ``path``; where there is none yet, a new one from ``make``, written with mode 0600.

    Of several processes that start at once, one writes and all get what it wrote; nobody ever sees half a file.
    Raises ImproperlyConfigured where the folder cannot be written or the file is empty.
    """
    try:
        if not path.exists():
            _write_once(path, make())
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}: {error.strerror}; name another folder with UTASK_VAR, or give the secret in the environment"
        ) from error
    if not text:
        raise ImproperlyConfigured(f"{path} is empty: restore it from a backup, or remove it to have a new one made")
    return text


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces what another process has put there meanwhile.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
