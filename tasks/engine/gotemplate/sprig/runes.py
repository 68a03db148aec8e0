"""Go's view of single characters: classes and one-to-one case mappings.

Python's own methods differ: ``"ß".upper()`` is two letters, ``isupper`` counts more than upper-case letters and
``isspace`` counts control characters. Go maps one character to one and goes by the general category.
"""

from functools import lru_cache
from unicodedata import category

REPLACEMENT = "\ufffd"
#: The White_Space property.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SPACES = frozenset(SPACES)


def is_space(char: str) -> bool:
    """Whether the character has the White_Space property."""
    return char in _SPACES


def is_upper(char: str) -> bool:
    """Whether it is an upper-case letter (title case is neither)."""
    return category(char) == "Lu"


def is_lower(char: str) -> bool:
    """Whether it is a lower-case letter."""
    return category(char) == "Ll"


def is_title(char: str) -> bool:
    """Whether it is a title-case letter."""
    return category(char) == "Lt"


def is_letter(char: str) -> bool:
    """Whether it is a letter of any kind."""
    return category(char)[0] == "L"


def is_digit(char: str) -> bool:
    """Whether it is a decimal digit of any script."""
    return category(char) == "Nd"


def is_number(char: str) -> bool:
    """Whether it is a number of any kind."""
    return category(char)[0] == "N"


def is_punctuation(char: str) -> bool:
    """Whether it is punctuation; symbols such as ``$`` and ``+`` are not."""
    return category(char)[0] == "P"


@lru_cache(maxsize=4096)
def upper_rune(char: str) -> str:
    """The one character that is the upper case of ``char``, or itself."""
    mapped = char.upper()
    return mapped if len(mapped) == 1 else title_rune(char)


@lru_cache(maxsize=4096)
def lower_rune(char: str) -> str:
    """The one character that is the lower case of ``char``, or itself."""
    # Only İ has two characters in its full mapping, a dotted i; its simple mapping is the plain i.
    return char.lower()[0]


@lru_cache(maxsize=4096)
def title_rune(char: str) -> str:
    """The one character that is the title case of ``char``, or itself."""
    mapped = char.title()
    return mapped if len(mapped) == 1 else char


def valid(char: str) -> str:
    """The character, or the replacement character for a byte that is no valid UTF-8 (held as a lone surrogate)."""
    return REPLACEMENT if "\ud800" <= char <= "\udfff" else char


def upper(text: str) -> str:
    """``text`` in upper case, character by character."""
    return text.upper() if text.isascii() else "".join(upper_rune(valid(char)) for char in text)


def lower(text: str) -> str:
    """``text`` in lower case, character by character."""
    return text.lower() if text.isascii() else "".join(lower_rune(valid(char)) for char in text)
