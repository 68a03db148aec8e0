"""Words joined and parted: ``camelcase``, ``snakecase`` and ``kebabcase`` as huandu/xstrings 1.5 writes them.

Texts in, texts out; what a template sees is in ``casing.py``.
"""

from collections.abc import Callable
from enum import Enum, auto

from tasks.engine.gotemplate.sprig import runes

_LONGEST = 200_000
#: Ranges whose letters do not make words.
_CHINESE = (("\u3400", "\u4d85"), ("\u4e00", "\u9fcc"), ("\U00020000", "\U0002b81d"))


class _Kind(Enum):
    """What a run of characters is made of."""

    NOTHING = auto()
    NUMBER = auto()
    UPPER = auto()
    LETTERS = auto()
    CONNECTOR = auto()
    PUNCTUATION = auto()
    OTHER = auto()


def _is_connector(char: str) -> bool:
    return char in "-_" or runes.is_space(char)


def pascal_case(text: str) -> str:
    """``some_words`` and ``SOME_WORDS`` as ``SomeWords``; connectors that lead, trail or repeat stay.

    Capitals inside a word stay, but a run of them at its beginning is lowered after the first.
    """
    chars = [runes.valid(char) for char in text]
    start = 0
    while start < len(chars) and _is_connector(chars[start]):
        start += 1
    if start == len(chars):
        # Kept: a text of connectors alone gets its last one twice.
        return "".join([*chars, *chars[-1:]])
    written = chars[:start]
    begins_upper = runes.is_upper(chars[start])
    held = runes.upper_rune(chars[start])
    for char in chars[start + 1 :]:
        before, held = held, char
        if _is_connector(before):
            if _is_connector(char):
                written.append(before)
                continue
            begins_upper = runes.is_upper(char)
            held = runes.upper_rune(char)
            continue
        begins_upper = begins_upper and runes.is_upper(char)
        if begins_upper:
            held = runes.lower_rune(char)
        written.append(before)
    return "".join([*written, held])


def snake_case(text: str) -> str:
    """``HTTPServer20x`` as ``http_server_20x``; spaces and hyphens become underscores."""
    return _parted(text, "_")


def kebab_case(text: str) -> str:
    """``HTTPServer20x`` as ``http-server-20x``; spaces and underscores become hyphens."""
    return _parted(text, "-")


def _parted(text: str, connector: str) -> str:
    """The words of ``text`` in lower case with connectors between them.

    A number belongs to the word before it (``bld4_floor``), unless small letters follow it (``http_2xx``): then it
    begins a word, which swallows the letters and numbers up to the next capital. Raises ValueError for a text of more
    than 200,000 characters: the time grows with the square of the length.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a text of {len(text)} characters is too long to be parted into words: {_LONGEST} at most")
    written: list[str] = []
    kind, word, rest = _next_word(text)
    while rest:
        if kind is not _Kind.CONNECTOR:
            written.append(_lowered(kind, word, connector))
        previous, last = kind, word
        kind, word, rest = _next_word(rest)
        if previous is _Kind.NUMBER:
            kind, word, rest = _swallow(written, kind, word, rest, connector)
            _connect(written, kind, connector)
        elif previous is _Kind.CONNECTOR:
            written.append(_lowered(previous, last, connector))
        elif previous is not _Kind.PUNCTUATION:
            kind, word, rest = _after_word(written, kind, word, rest, connector)
    written.append(_lowered(kind, word, connector))
    return "".join(written)


def _after_word(written: list[str], kind: _Kind, word: str, rest: str, connector: str) -> tuple[_Kind, str, str]:
    """Write what stands between a word and its successor; the run to go on with."""
    if kind is not _Kind.NUMBER:
        if kind not in (_Kind.CONNECTOR, _Kind.PUNCTUATION):
            written.append(connector)
        return kind, word, rest
    if not rest:
        return kind, word, rest
    number = word
    kind, word, rest = _next_word(rest)
    if kind is not _Kind.LETTERS:
        written.append(number)
        if kind not in (_Kind.CONNECTOR, _Kind.PUNCTUATION):
            written.append(connector)
        return kind, word, rest
    written += (connector, number)
    kind, word, rest = _swallow(written, kind, word, rest, connector)
    _connect(written, kind, connector)
    return kind, word, rest


def _swallow(written: list[str], kind: _Kind, word: str, rest: str, connector: str) -> tuple[_Kind, str, str]:
    while kind in (_Kind.LETTERS, _Kind.NUMBER):
        written.append(_lowered(kind, word, connector))
        kind, word, rest = _next_word(rest)
    return kind, word, rest


def _connect(written: list[str], kind: _Kind, connector: str) -> None:
    if kind not in (_Kind.NOTHING, _Kind.PUNCTUATION, _Kind.CONNECTOR):
        written.append(connector)


def _lowered(kind: _Kind, word: str, connector: str) -> str:
    if kind not in (_Kind.UPPER, _Kind.CONNECTOR):
        return word
    return "".join(connector if _is_connector(char) else _lower_letter(runes.valid(char)) for char in word)


def _lower_letter(char: str) -> str:
    return runes.lower_rune(char) if runes.is_upper(char) else char


def _is_broken(char: str) -> bool:
    return runes.valid(char) == runes.REPLACEMENT


def _is_alphabetic(char: str) -> bool:
    """A letter, Chinese characters aside."""
    is_chinese = any(first <= char <= last for first, last in _CHINESE)
    return runes.is_letter(char) and not is_chinese


def _is_small(char: str) -> bool:
    return _is_alphabetic(char) and not runes.is_upper(char)


def _is_foreign(char: str) -> bool:
    """What belongs to no other kind, such as symbols."""
    known = _is_connector(char) or _is_alphabetic(char) or runes.is_number(char) or runes.is_punctuation(char)
    return not known


def _next_word(text: str) -> tuple[_Kind, str, str]:
    """The kind and the text of the first run, and what follows it."""
    first = _first_valid(text)
    if first is None:
        return _Kind.NOTHING, text, ""
    char = text[first]
    if _is_connector(char):
        kind, belongs = _Kind.CONNECTOR, _is_connector
    elif runes.is_punctuation(char):
        kind, belongs = _Kind.PUNCTUATION, runes.is_punctuation
    elif runes.is_upper(char):
        end = _end_of_capitalised(text, first + 1)
        return _Kind.UPPER, text[:end], text[end:]
    elif _is_alphabetic(char):
        kind, belongs = _Kind.LETTERS, _is_small
    elif runes.is_number(char):
        kind, belongs = _Kind.NUMBER, runes.is_number
    else:
        kind, belongs = _Kind.OTHER, _is_foreign
    end = _end_of_run(text, first + 1, belongs)
    return kind, text[:end], text[end:]


def _first_valid(text: str) -> int | None:
    """Where the first character is that is not broken: broken ones go with what follows them."""
    for index, char in enumerate(text):
        if not _is_broken(char):
            return index
    return None


def _end_of_run(text: str, start: int, belongs: Callable[[str], bool]) -> int:
    """Where a run ends; broken characters belong to it between two of its own, and at the end of the text."""
    end = start
    for index in range(start, len(text)):
        char = text[index]
        if _is_broken(char):
            continue
        if not belongs(char):
            return end
        end = index + 1
    return len(text)


def _end_of_capitalised(text: str, start: int) -> int:
    """The end of ``Status``, ``HTTP``, or the ``HTTP`` of ``HTTPStatus``."""
    following = next((char for char in text[start:] if not _is_broken(char)), None)
    if following is None:
        return len(text)
    if not runes.is_upper(following):
        return _end_of_run(text, start, _is_small) if _is_alphabetic(following) else start
    end = _end_of_run(text, start, runes.is_upper)
    rest = next((char for char in text[end:] if not _is_broken(char)), None)
    if rest is None or not _is_alphabetic(rest):
        return end
    # The last capital begins the next word, with what is broken before it.
    last = end - 1
    while last > start and _is_broken(text[last - 1]):
        last -= 1
    return last
