"""Text to tokens, as Go's ``text/template/parse`` cuts them.

Start at ``tokenize``. It never raises: a mistake is the last token, of type ERROR, and the parser reports it when it
gets there.
Source: docs/template-language.md, "Language".
"""

import enum
import re
from typing import NamedTuple


class T(enum.Enum):
    """Types of tokens. The value is how the token is called in an error, where it has no text of its own."""

    ERROR = "error"
    TEXT = "text"
    LEFT = "{{"
    RIGHT = "}}"
    SPACE = "space"
    BOOL = "boolean"
    CHAR = "character"
    CHARACTER_CONSTANT = "character constant"
    COMPLEX = "complex number"
    ASSIGN = "="
    DECLARE = ":="
    FIELD = "field"
    IDENTIFIER = "identifier"
    LEFT_PAREN = "("
    NUMBER = "number"
    PIPE = "|"
    RAW_STRING = "raw string"
    RIGHT_PAREN = ")"
    STRING = "string"
    VARIABLE = "variable"
    EOF = "end of text"
    # Keywords.
    BLOCK = "block"
    BREAK = "break"
    CONTINUE = "continue"
    DOT = "."
    DEFINE = "define"
    ELSE = "else"
    END = "end"
    IF = "if"
    NIL = "nil"
    RANGE = "range"
    TEMPLATE = "template"
    WITH = "with"


class Token(NamedTuple):
    """``position`` is the character in the text where it begins; ``value`` is its source (of ERROR: the message)."""

    type: T
    position: int
    value: str


KEYWORDS = {
    t.value: t
    for t in (T.BLOCK, T.BREAK, T.CONTINUE, T.DEFINE, T.ELSE, T.END, T.IF, T.NIL, T.RANGE, T.TEMPLATE, T.WITH)
}

_SPACES = " \t\r\n"
_LEFT = re.compile(r"\{\{(-[ \t\r\n])?(/\*)?")
_RIGHT = re.compile(r"([ \t\r\n]-)?\}\}")
_SPACE = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r"[A-Za-z0-9_]*")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_QUOTED = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), T.STRING, "unterminated quoted string"),
    "`": (re.compile(r"`[^`]*`"), T.RAW_STRING, "unterminated raw quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), T.CHARACTER_CONSTANT, "unterminated character constant"),
}
_SINGLE = {"=": T.ASSIGN, "|": T.PIPE}
_AFTER_A_WORD = frozenset(" \t\r\n.,|:)(")


def is_alphanumeric(character: str) -> bool:
    """A letter, a decimal digit or an underscore, of any script."""
    return character == "_" or character.isalpha() or character.isdecimal()


class _Mistake(Exception):
    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def tokenize(text: str, words: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of a text; the last is EOF or ERROR. Functions named in ``words`` win over break and continue."""
    tokens: list[Token] = []
    try:
        at = 0
        while at < len(text):
            at = _text_and_action(text, at, tokens, words)
    except _Mistake as mistake:
        tokens.append(Token(T.ERROR, mistake.position, str(mistake)))
    else:
        tokens.append(Token(T.EOF, len(text), ""))
    return tokens


def _text_and_action(text: str, at: int, tokens: list[Token], words: frozenset[str]) -> int:
    """Cut plain text up to the next action, and the action. Gives the position after both."""
    start = text.find("{{", at)
    if start < 0:
        tokens.append(Token(T.TEXT, at, text[at:]))
        return len(text)
    left = _LEFT.match(text, start)
    if left is None:  # "{{" stands there, so it matches
        raise AssertionError(start)
    before = text[at:start].rstrip(_SPACES) if left[1] else text[at:start]
    if before:
        tokens.append(Token(T.TEXT, at, before))
    if left[2]:
        return _comment(text, left.end())
    tokens.append(Token(T.LEFT, start, "{{"))
    return _action(text, start, left.end(), tokens, words)


def _comment(text: str, at: int) -> int:
    end = text.find("*/", at)
    if end < 0:
        raise _Mistake(at - 2, "unclosed comment")
    right = _RIGHT.match(text, end + 2)
    if right is None:
        raise _Mistake(end + 2, "comment ends before closing delimiter")
    return _past_right(text, right)


def _past_right(text: str, right: re.Match[str]) -> int:
    if right[1] is None:
        return right.end()
    spaces = _SPACE.match(text, right.end())
    return right.end() if spaces is None else spaces.end()


def _action(text: str, start: int, at: int, tokens: list[Token], words: frozenset[str]) -> int:
    """Cut the inside of one action, which began at ``start``. Gives the position after its right delimiter."""
    depth = 0
    while True:
        right = _RIGHT.match(text, at)
        if right is not None:
            if depth:
                raise _Mistake(at, "unclosed left paren")
            tokens.append(Token(T.RIGHT, right.end() - 2, "}}"))
            return _past_right(text, right)
        if at >= len(text):
            raise _Mistake(start, "unclosed action")
        token = _token(text, at, words)
        if token.type is T.LEFT_PAREN:
            depth += 1
        elif token.type is T.RIGHT_PAREN:
            depth -= 1
            if depth < 0:
                raise _Mistake(at, "unexpected right paren")
        tokens.append(token)
        at += len(token.value)


def _token(text: str, at: int, words: frozenset[str]) -> Token:
    first = text[at]
    following = text[at + 1 : at + 2]
    if first in _SPACES:
        return _space(text, at)
    if first in _QUOTED:
        pattern, kind, mistake = _QUOTED[first]
        found = pattern.match(text, at)
        if found is None:
            raise _Mistake(at, mistake)
        return Token(kind, at, found[0])
    if first in _SINGLE:
        return Token(_SINGLE[first], at, first)
    if first == ":":
        if following != "=":
            raise _Mistake(at, "expected :=")
        return Token(T.DECLARE, at, ":=")
    if first == "$":
        return _name(text, at, T.VARIABLE)
    if first == "." and not ("0" <= following <= "9") and following:
        return _name(text, at, T.FIELD)
    if first in ".+-" or "0" <= first <= "9":
        return _number(text, at)
    if is_alphanumeric(first):
        return _identifier(text, at, words)
    if first == "(":
        return Token(T.LEFT_PAREN, at, first)
    if first == ")":
        return Token(T.RIGHT_PAREN, at, first)
    if " " <= first <= "~":
        return Token(T.CHAR, at, first)
    raise _Mistake(at, f"unrecognized character in action: U+{ord(first):04X}")


def _space(text: str, at: int) -> Token:
    """A run of space; the last one belongs to a right delimiter with a trim marker, where one follows."""
    run = _SPACE.match(text, at)
    end = run.end() if run is not None else at
    if end - 1 > at and _RIGHT.match(text, end - 1) is not None:
        end -= 1
    return Token(T.SPACE, at, text[at:end])


def _end_of_word(text: str, at: int) -> int:
    """Where the letters and digits from ``at`` on end; they must be followed by what may stand after a word."""
    found = _WORD.match(text, at)
    end = found.end() if found is not None else at
    while end < len(text) and is_alphanumeric(text[end]):
        end += 1
    if end < len(text) and text[end] not in _AFTER_A_WORD and not text.startswith("}}", end):
        raise _Mistake(end, f"bad character U+{ord(text[end]):04X} {text[end]!r}")
    return end


def _name(text: str, at: int, kind: T) -> Token:
    """A field, a variable, or the mere dot."""
    name = text[at : _end_of_word(text, at + 1)]
    return Token(T.DOT if name == "." else kind, at, name)


def _identifier(text: str, at: int, words: frozenset[str]) -> Token:
    word = text[at : _end_of_word(text, at)]
    if word in KEYWORDS and word not in words:
        return Token(KEYWORDS[word], at, word)
    return Token(T.BOOL if word in ("true", "false") else T.IDENTIFIER, at, word)


def _number(text: str, at: int) -> Token:
    end = _scan_number(text, at)
    if text[end : end + 1] not in ("+", "-"):
        return Token(T.NUMBER, at, text[at:end])
    end = _scan_number(text, at, end)
    if text[end - 1] != "i":
        raise _Mistake(at, f"bad number syntax: {text[at:end]!r}")
    return Token(T.COMPLEX, at, text[at:end])


def _scan_number(text: str, start: int, at: int | None = None) -> int:
    found = _NUMBER.match(text, start if at is None else at)
    end = found.end() if found is not None else start
    if end < len(text) and is_alphanumeric(text[end]):
        raise _Mistake(start, f"bad number syntax: {text[start : end + 1]!r}")
    return end
