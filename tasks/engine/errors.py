"""What is wrong with a template: every problem with its place and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a template or function."""

    file: str
    line: int  # from 1; 0 where the whole file is meant
    step: str | None  # None: outside the steps
    what: str
    mend: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        step = f", step {self.step}" if self.step is not None else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{place}{step}: {self.what}{mend}"


class TemplateInvalid(Exception):
    """A document that cannot be used; carries every problem found, warnings included."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems if problem.level is Level.ERROR))


class EventMisfit(Exception):
    """An event that does not fit the resolution as it is; nothing was changed."""
