"""Slash-separated paths by the rules of Go's ``path`` (and, on Unix, ``path/filepath``).

``posixpath`` is close, but not the same: Go's ``dir`` and ``clean`` never give an empty path, and ``ext`` counts a
leading dot. Source: docs/template-language.md, "Functions".
"""


def clean(path: str) -> str:
    """The shortest path that means the same: no ``.``, no empty part, ``..`` resolved; ``.`` for nothing."""
    is_rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            kept.append(part)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not is_rooted:
            kept.append(part)
    return ("/" if is_rooted else "") + "/".join(kept) or "."


def base(path: str) -> str:
    """The last part, trailing slashes aside; ``.`` for nothing, ``/`` for slashes alone."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def directory(path: str) -> str:
    """All but the last part, cleaned."""
    head, slash, _ = path.rpartition("/")
    return clean(head + slash)


def extension(path: str) -> str:
    """From the last dot of the last part on; empty without a dot."""
    _, dot, after = path.rpartition("/")[2].rpartition(".")
    return dot + after if dot else ""


def is_absolute(path: str) -> bool:
    """Whether the path begins with a slash."""
    return path.startswith("/")
