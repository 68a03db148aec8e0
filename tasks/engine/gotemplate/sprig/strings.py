"""sprig's strings that are neither about case nor about lists: tests, trimming, cutting, building, wrapping.

Go's strings are bytes, and so sprig counts bytes: a cut may split a character, whose bytes then stand as lone
surrogates (``golang.from_bytes``).
"""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig import runes

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "hello")
def _hello() -> str:
    return "Hello!"


# Tests


@declare(FUNCTIONS, "contains", "string", "string")
def _contains(part: str, text: str) -> bool:
    return to_bytes(part) in to_bytes(text)


@declare(FUNCTIONS, "hasPrefix", "string", "string")
def _has_prefix(prefix: str, text: str) -> bool:
    return to_bytes(text).startswith(to_bytes(prefix))


@declare(FUNCTIONS, "hasSuffix", "string", "string")
def _has_suffix(suffix: str, text: str) -> bool:
    return to_bytes(text).endswith(to_bytes(suffix))


# Trimming


@declare(FUNCTIONS, "trim", "string")
def _trim(text: str) -> str:
    return text.strip(runes.SPACES)


@declare(FUNCTIONS, "trimAll trimall", "string", "string")
def _trim_all(characters: str, text: str) -> str:
    """Without those characters on both sides, in any order."""
    return text.strip(characters)


@declare(FUNCTIONS, "trimPrefix", "string", "string")
def _trim_prefix(prefix: str, text: str) -> str:
    return from_bytes(to_bytes(text).removeprefix(to_bytes(prefix)))


@declare(FUNCTIONS, "trimSuffix", "string", "string")
def _trim_suffix(suffix: str, text: str) -> str:
    return from_bytes(to_bytes(text).removesuffix(to_bytes(suffix)))


@declare(FUNCTIONS, "nospace", "string")
def _without_spaces(text: str) -> str:
    """Without white space. Kept: where there is any, every byte is taken for a character of its own."""
    characters = to_bytes(text).decode("latin-1")
    kept = "".join(character for character in characters if not runes.is_space(character))
    return text if kept == characters else kept


@declare(FUNCTIONS, "initials", "string")
def _initials(text: str) -> str:
    """The first letter of each word. Kept: every byte is taken for a character of its own."""
    characters = to_bytes(text).decode("latin-1")
    begins = zip(" " + characters, characters, strict=False)
    return "".join(here for before, here in begins if runes.is_space(before) and not runes.is_space(here))


# Cutting


@declare(FUNCTIONS, "trunc", "int", "string")
def _truncate(length: int, text: str) -> str:
    """The first bytes; the last ones for a negative length."""
    whole = to_bytes(text)
    if length >= 0:
        return from_bytes(whole[:length])
    return from_bytes(whole[length:])


@declare(FUNCTIONS, "substr", "int", "int", "string")
def _substring(start: int, end: int, text: str) -> str:
    """The bytes from ``start`` up to ``end``; from the first for a negative start, to the last for a negative end."""
    whole = to_bytes(text)
    if start < 0:
        start = 0
    elif end < 0 or end > len(whole):
        end = len(whole)
    if not start <= end <= len(whole):
        raise GoError(f"slice bounds out of range [{start}:{end}] with length {len(whole)}")
    return from_bytes(whole[start:end])


@declare(FUNCTIONS, "abbrev", "int", "string")
def _abbreviate(width: int, text: str) -> str:
    """The text if it has at most so many bytes, else its beginning and three dots."""
    return text if width < 4 else from_bytes(_abbreviated(to_bytes(text), 0, width))


@declare(FUNCTIONS, "abbrevboth", "int", "int", "string")
def _abbreviate_both(offset: int, width: int, text: str) -> str:
    """As abbrev, with dots in front too when what is at the offset would not show."""
    if width < 4 or (offset > 0 and width < 7):
        return text
    return from_bytes(_abbreviated(to_bytes(text), offset, width))


def _abbreviated(text: bytes, offset: int, width: int) -> bytes:
    if len(text) <= width:
        return text
    offset = min(offset, len(text) - (width - 3))
    if offset <= 4:
        return text[: width - 3] + b"..."
    if offset + width - 3 < len(text):
        return b"..." + _abbreviated(text[offset:], 0, width - 3)
    return b"..." + text[len(text) - (width - 3) :]


# Building


@declare(FUNCTIONS, "repeat", "int", "string", with_run=True)
def _repeat(run: Run, count: int, text: str) -> str:
    return text * _checked_count(run, count, len(text))


@declare(FUNCTIONS, "replace", "string", "string", "string", with_run=True)
def _replace(run: Run, old: str, new: str, text: str) -> str:
    run.check_size(len(text) + text.count(old) * len(new))
    if not old:
        return text.replace(old, new)
    return from_bytes(to_bytes(text).replace(to_bytes(old), to_bytes(new)))


@declare(FUNCTIONS, "plural", "string", "string", "int")
def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


@declare(FUNCTIONS, "indent", "int", "string", with_run=True)
def _indent(run: Run, spaces: int, text: str) -> str:
    """Every line with so many spaces in front, empty ones too."""
    lines = text.count("\n") + 1
    pad = " " * _checked_count(run, spaces, lines)
    return pad + text.replace("\n", "\n" + pad)


@declare(FUNCTIONS, "nindent", "int", "string", with_run=True)
def _new_line_and_indent(run: Run, spaces: int, text: str) -> str:
    return f"\n{_indent(run, spaces, text)}"


def _checked_count(run: Run, count: int, length: int) -> int:
    """The count, when something of that length may be repeated so often."""
    if count < 0:
        raise GoError("negative Repeat count")
    run.check_size(count * length)
    return count


# Wrapping


@declare(FUNCTIONS, "wrap", "int", "string")
def _wrap(width: int, text: str) -> str:
    """Lines of at most so many bytes, broken at spaces; a word that is longer stays whole."""
    return from_bytes(b"\n".join(_lines(to_bytes(text), width, split_words=False)))


@declare(FUNCTIONS, "wrapWith", "int", "string", "string", with_run=True)
def _wrap_with(run: Run, width: int, separator: str, text: str) -> str:
    """As wrap, with another separator than a line break (empty: a line break); longer words are split."""
    run.check_size(len(text) // max(width, 1) * len(separator))
    return from_bytes((to_bytes(separator) or b"\n").join(_lines(to_bytes(text), width, split_words=True)))


def _lines(text: bytes, width: int, *, split_words: bool) -> list[bytes]:
    width = max(width, 1)
    lines: list[bytes] = []
    offset = 0
    while len(text) - offset > width:
        if text[offset] == 0x20:
            offset += 1
            continue
        space = text.rfind(b" ", offset, offset + width + 1)
        if space < 0 and split_words:
            lines.append(text[offset : offset + width])
            offset += width
            continue
        if space < 0:
            space = text.find(b" ", offset + width)
        if space < 0:
            break
        lines.append(text[offset:space])
        offset = space + 1
    return [*lines, text[offset:]]
