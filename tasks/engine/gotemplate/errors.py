"""What went wrong in a text, and where: for the author who wrote it.

Source: docs/template-language.md, "Errors".
"""

#: How much of a long line an excerpt shows on each side of the caret.
_EXCERPT_SIDE = 60
#: A message may quote what it complains about, which may be long.
_LONGEST_MESSAGE = 1_000


class TemplateError(Exception):
    """A text that does not parse, or whose execution failed.

    ``message`` says why; ``line`` and ``column`` (both from 1, in characters) where in the text; ``excerpt`` is that
    line and a caret below the place.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}…"
        super().__init__(message)
        self.message = message
        self.line, self.column = line_and_column(text, position)
        self.excerpt = _excerpt(text, position, self.column)

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self._story()}\n{self.excerpt}"

    def _story(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


class ParseError(TemplateError):
    """The text is no template."""


class ExecutionError(TemplateError):
    """Executing the text failed; ``action`` is the source of the action that did."""

    def __init__(self, message: str, text: str, position: int, action: str) -> None:
        super().__init__(message, text, position)
        self.action = action

    def _story(self) -> str:
        return f"{self.action}: {self.message}"


class ActionFailed(Exception):
    """Inside one execution only: what failed, and at which position of the text. Becomes an ExecutionError."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Line and column of a position, both from 1."""
    start = text.rfind("\n", 0, position) + 1
    return text.count("\n", 0, position) + 1, position - start + 1


def _excerpt(text: str, position: int, column: int) -> str:
    start = position - column + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)].replace("\r", " ").replace("\t", " ")
    at = column - 1
    cut = max(0, at - _EXCERPT_SIDE)
    before = "…" if cut else ""
    shown = line[cut : at + _EXCERPT_SIDE]
    after = "…" if at + _EXCERPT_SIDE < len(line) else ""
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + at - cut)}^"


def _restore(kind: type[TemplateError], args: tuple[object, ...], state: dict[str, object]) -> TemplateError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
