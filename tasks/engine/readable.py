"""Texts that are stored as they are, so that people can search for them: titles, tags, names, what is waited for.

Sealed values hold any text; a database's column of text does not. Source: docs/templates.md, "Readable texts".
"""

from collections.abc import Mapping

#: Characters of a name of somebody, of a group, of a tag.
LONGEST_NAME = 255


def wrong_text(text: str) -> str:
    """What keeps the text from being stored: what is said of it; "" for nothing."""
    if "\0" in text:
        return "holds a zero byte"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a character (a lone surrogate)"
    return ""


def wrong_name(name: str) -> str:
    """The same for a name."""
    return f"has more than {LONGEST_NAME} characters" if len(name) > LONGEST_NAME else wrong_text(name)


def wrong_tags(tags: Mapping[str, str]) -> str:
    """The same for tags, the first that is wrong named."""
    for name, value in tags.items():
        if problem := wrong_name(name):
            return f"the name of a tag {problem}"
        if problem := wrong_text(value):
            return f'the tag "{name}" {problem}'
    return ""


def readable(text: str) -> str:
    """The text with U+FFFD in the place of what cannot be stored."""
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
