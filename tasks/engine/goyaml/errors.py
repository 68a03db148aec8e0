"""Why a text is no YAML that can be used, where, and how to mend it."""


class YAMLError(ValueError):
    """A text that is refused; ``line`` and ``column`` count from 1 and are 0 where the whole text is meant."""

    def __init__(self, line: int, column: int, what: str, mend: str = "") -> None:
        self.line = line
        self.column = column
        self.what = what
        self.mend = mend
        place = f"line {line}, column {column}: " if line else ""
        super().__init__(f"{place}{what}{f' {mend}' if mend else ''}")
