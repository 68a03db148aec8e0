"""sprig's strings about case: upper, lower, title, swapcase, camelcase and their like."""

from collections.abc import Callable

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.sprig import runes
from tasks.engine.gotemplate.sprig.wordcase import kebab_case, pascal_case, snake_case

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "upper", "string")(runes.upper)
declare(FUNCTIONS, "lower", "string")(runes.lower)
declare(FUNCTIONS, "camelcase", "string")(pascal_case)


@declare(FUNCTIONS, "snakecase", "string")
def _snake_case(text: str) -> str:
    return _parted(snake_case, text)


@declare(FUNCTIONS, "kebabcase", "string")
def _kebab_case(text: str) -> str:
    return _parted(kebab_case, text)


def _parted(case: Callable[[str], str], text: str) -> str:
    try:
        return case(text)
    except ValueError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "title", "string")
def _title(text: str) -> str:
    """The first letter of each word in title case, the others as they are."""
    written: list[str] = []
    before = " "
    for char in text:
        written.append(runes.title_rune(runes.valid(char)) if _separates(before) else runes.valid(char))
        before = char
    return "".join(written)


def _separates(char: str) -> bool:
    """Whether a word ends at this character: in ASCII at all but letters, digits and ``_``, beyond it at spaces."""
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return runes.is_space(char)


@declare(FUNCTIONS, "untitle", "string")
def _untitle(text: str) -> str:
    """The first letter of each word, as parted by white space, in lower case."""
    written: list[str] = []
    begins = True
    for char in map(runes.valid, text):
        written.append(runes.lower_rune(char) if begins and not runes.is_space(char) else char)
        begins = runes.is_space(char)
    return "".join(written)


@declare(FUNCTIONS, "swapcase", "string")
def _swap_case(text: str) -> str:
    """Small letters for capitals and the reverse; what begins a word and was small gets title case."""
    written: list[str] = []
    begins = True
    for char in map(runes.valid, text):
        if runes.is_upper(char) or runes.is_title(char):
            written.append(runes.lower_rune(char))
            begins = False
        elif runes.is_lower(char):
            written.append(runes.title_rune(char) if begins else runes.upper_rune(char))
            begins = False
        else:
            written.append(char)
            begins = runes.is_space(char)
    return "".join(written)
