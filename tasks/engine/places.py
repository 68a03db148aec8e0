"""Where things stand in a file, and the list of problems found so far: what reading and checking share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from tasks.engine.catalog import Path
from tasks.engine.errors import Level, Problem


@dataclass
class Places:
    """The lines of a document's values; empty for documents that come from no file."""

    lines: dict[Path, int] = field(default_factory=dict)
    #: Of texts whose lines are the file's own (literal blocks): the line on which the text itself begins.
    text_lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of the value, or of the nearest that holds it; 0 where nothing is known."""
        for length in range(len(path), -1, -1):
            if line := self.lines.get(path[:length]):
                return line
        return 0

    def line_in_text(self, path: Path, line: int) -> int:
        """The file's line for line ``line`` (from 1) of the text at ``path``."""
        begin = self.text_lines.get(path)
        return self.line(path) if begin is None else begin + line - 1


@dataclass
class Report:
    """Collects the problems of one document; each with its place."""

    file: str = ""
    places: Places = field(default_factory=Places)
    _found: dict[Problem, None] = field(default_factory=dict)

    @property
    def problems(self) -> list[Problem]:
        """Every problem once, in the order in which they were found."""
        return list(self._found)

    @property
    def has_errors(self) -> bool:
        return any(problem.level is Level.ERROR for problem in self._found)

    def error(self, path: Path, what: str, mend: str = "") -> None:
        self.add(path, what, mend, Level.ERROR)

    def warning(self, path: Path, what: str, mend: str = "") -> None:
        self.add(path, what, mend, Level.WARNING)

    def add(self, path: Path, what: str, mend: str, level: Level, line: int | None = None) -> None:
        """Note one problem; ``line`` where it is known better than by the path."""
        found = self.places.line(path) if line is None else line
        problem = Problem(self.file, found, step_of(path), what, mend, level)
        # What an alias repeats stands in one place only.
        self._found.setdefault(problem)

    def in_order(self) -> list[Problem]:
        """All problems as they stand in the file, from top to bottom."""
        return sorted(self._found, key=lambda problem: problem.line)


def step_of(path: Path) -> str | None:
    """Name of the step that a path lies in; None outside the steps."""
    return str(path[1]) if len(path) > 1 and path[0] == "steps" else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A suggestion for a misspelt name; ``otherwise`` when nothing is near."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    if name.casefold() in by_folded:
        return f'Did you mean "{by_folded[name.casefold()]}"?'
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f'Did you mean "{by_folded[near[0]]}"?' if near else otherwise


def listing(names: Iterable[str], none: str = "none") -> str:
    """Names in one line, for a message."""
    return ", ".join(f'"{name}"' for name in names) or none
