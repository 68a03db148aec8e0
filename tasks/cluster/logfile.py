"""The log file of ``manage.py up``: moved away when it is large; its writers notice and open a new one."""

from pathlib import Path

LARGEST_BYTES = 20 * 1024 * 1024
KEPT = 5


def rotate(path: Path, largest_bytes: int = LARGEST_BYTES, kept: int = KEPT) -> None:
    """Move ``path`` to ``path.1``, and older ones on, when it is large; the oldest is dropped."""
    if not path.exists() or path.stat().st_size < largest_bytes:
        return
    for number in range(kept - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))
