"""Which actions there are, where they come from, and the one door through which they are called.

An action is found, never registered: the files of this folder, entry points of the group ``utask.actions``, and the
files of the drop-in folders. A source that cannot be loaded is reported and does not keep the others from loading.
Source: docs/actions.md, "Where actions are found".
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
import traceback
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.machinery import FileFinder
from pathlib import Path
from typing import Any

import actions
from actions._contract import (
    Action,
    ActionError,
    ClientError,
    ConfigProblem,
    Context,
    Level,
    Result,
    ServerError,
    Surroundings,
)
from actions._declarations import Declaration
from actions._shapes import Layer, Reading, type_word

ENTRY_POINTS = "utask.actions"


@dataclass(frozen=True)
class SourceProblem:
    """A source of actions that could not be used, and why."""

    source: str  # a file, a folder, or an entry point
    line: int  # from 1; 0 where no line is known
    error: str
    level: Level = "error"
    #: What the action would probably have been called.
    name: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.error}" if self.line else f"{self.source}: {self.error}"


class UnknownAction(LookupError):
    """No action has that name; the message says which was meant, or what kept it from loading."""


@dataclass(frozen=True)
class RegisteredAction:
    """An action and where it was found. Everything that is called on an action is called here."""

    action: Action
    source: str
    line: int

    @property
    def name(self) -> str:
        return self.action.name

    @property
    def version(self) -> str:
        return self.action.version

    @property
    def pure(self) -> bool:
        """May it run in the coordinator, without a commit of RUNNING?"""
        return self.action.pure

    @functools.cached_property
    def declaration(self) -> Declaration | None:
        """The declared configuration; None when the action takes anything."""
        return Declaration.of(self.action.Config) if self.action.Config else None

    def check(
        self, base: Any, configuration: Any, surroundings: Surroundings, *, strict: bool = False
    ) -> list[ConfigProblem]:
        """Every mistake in a configuration as written, handles unrendered; ``strict`` makes warnings errors.

        ``base`` and ``configuration``: None for null. That a configuration is missing is for the caller to say.
        """
        cfg, problems = self._read(base, configuration, surroundings, rendered=False)
        if not any(problem.level == "error" for problem in problems):
            try:
                problems += self._whole_check(cfg, surroundings)
            except ActionError as error:
                problems.append(ConfigProblem((), error.message))
        return [replace(problem, level="error") for problem in problems] if strict else problems

    def decode(self, base: Any, configuration: Any, surroundings: Surroundings) -> Any:
        """The typed configuration of a run, both parts rendered.

        Raises ClientError, or the error that a field declares, naming every mistake.
        """
        cfg, problems = self._read(base, configuration, surroundings, rendered=True)
        if not any(problem.error for problem in problems):
            problems += self._whole_check(cfg, surroundings)
        faults = {problem: problem.error for problem in problems if problem.error}
        if faults:
            # What the requester got wrong comes before what is worth another try.
            kind = ClientError if ClientError in faults.values() else next(iter(faults.values()))
            raise kind("; ".join(map(str, faults)))
        return cfg

    def resources(self, cfg: Any, surroundings: Surroundings) -> list[str]:
        """Names of the resources that a run with this configuration holds; ``cfg`` comes from ``decode``."""
        with self._only_action_errors():
            return list(self.action.resources_in(cfg, surroundings))

    def run(self, cfg: Any, ctx: Context) -> Result:
        """Run the action. Raises an ActionError and nothing else."""
        with self._only_action_errors(ctx):
            return self._result(self.action.run(cfg, ctx))

    def answered(self, cfg: Any, ctx: Context, answer: Mapping[str, Any]) -> Result:
        """The final result of an action whose first one held a question. Raises an ActionError and nothing else."""
        with self._only_action_errors(ctx):
            result = self._result(self.action.answered(cfg, ctx, answer))
            if result.question is not None:
                raise TypeError("an answer cannot lead to a second question")
            return result

    def _read(
        self, base: Any, configuration: Any, surroundings: Surroundings, *, rendered: bool
    ) -> tuple[Any, list[ConfigProblem]]:
        reading = Reading(rendered, surroundings.loads, self.action.former_keys)
        layers = []
        for layer in (Layer("base_configuration", (), base), Layer("configuration", (), configuration)):
            if isinstance(layer.raw, dict):
                layers.append(layer)
            elif layer.raw is not None and self.declaration:
                what = f"must be an object, not {type_word(layer.raw)}."
                reading.problems.append(ConfigProblem((), what, origin=layer.origin))
        if self.declaration is None:
            both = isinstance(base, dict) and isinstance(configuration, dict)
            return ({**base, **configuration} if both else base if configuration is None else configuration), []
        return self.declaration.read(layers, reading), reading.problems

    def _whole_check(self, cfg: Any, surroundings: Surroundings) -> list[ConfigProblem]:
        with self._only_action_errors():
            return list(self.action.check(cfg, surroundings))

    def _result(self, result: object) -> Result:
        if result is None:
            return Result()
        if not isinstance(result, Result):
            raise TypeError(f"returned {type(result).__name__} instead of Result")
        return result

    @contextlib.contextmanager
    def _only_action_errors(self, ctx: Context | None = None) -> Iterator[None]:
        try:
            yield
        except ActionError:
            raise
        except Exception as error:
            # An exception's text and values may hold secrets: what is told is its type and place, the frames go to
            # the log.
            frames = traceback.extract_tb(error.__traceback__)
            place = next((f for f in reversed(frames) if f.filename == self.source), frames[-1])
            if ctx is not None:
                trace = "".join(traceback.format_list(frames))
                ctx.log.error("action failed unexpectedly", extra={"action": self.name, "frames": trace})
            raise ServerError(
                f"action {self.name} failed unexpectedly: {type(error).__name__} "
                f"at {Path(place.filename).name}:{place.lineno}"
            ) from error


class Registry:
    """All actions of an installation. Build one with ``discover``."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.problems: list[SourceProblem] = []
        self._actions: dict[str, RegisteredAction] = {}

    @classmethod
    def discover(
        cls, surroundings: Surroundings, folders: str | Iterable[str | Path] = (), *, entry_points: bool = True
    ) -> Registry:
        """Find all actions: those that ship, then packages', then those of ``folders`` (a colon-separated text or
        paths).

        Never raises for a bad source: see ``problems``.
        """
        registry = cls(surroundings)
        registry._add_shipped()
        if entry_points:
            registry._add_entry_points()
        parts = folders.split(":") if isinstance(folders, str) else folders
        for number, folder in enumerate(part for part in parts if str(part)):
            registry._add_folder(Path(folder), f"utask_dropped_in_{number}")
        return registry

    def names(self) -> list[str]:
        """Names of all actions, sorted."""
        return sorted(self._actions)

    def get(self, type: str) -> RegisteredAction:
        """The action of that name. Raises UnknownAction."""
        try:
            return self._actions[type]
        except KeyError:
            raise UnknownAction(self._why_unknown(type)) from None

    def __contains__(self, type: object) -> bool:
        return type in self._actions

    def check(
        self,
        type: str,
        base: Any,
        configuration: Any,
        *,
        strict: bool = False,
        surroundings: Surroundings | None = None,
    ) -> list[ConfigProblem]:
        """Every mistake in the configuration of one action: see ``RegisteredAction.check``. Raises UnknownAction."""
        return self.get(type).check(base, configuration, surroundings or self.surroundings, strict=strict)

    def metadata_schema(self, type: str) -> Mapping[str, Any] | None:
        """JSON schema of an action's metadata, or None. Raises UnknownAction."""
        return self.get(type).action.metadata_schema

    def configuration_schema(self, type: str, *, strict: bool = False) -> Mapping[str, Any]:
        """JSON schema (draft 7) of an action's configuration, for editors. Raises UnknownAction."""
        declaration = self.get(type).declaration
        return declaration.schema(strict=strict) if declaration else {}

    def _why_unknown(self, type: str) -> str:
        for problem in self.problems:
            if problem.name == type:
                return f'action "{type}" could not be loaded: {problem}'
        close = difflib.get_close_matches(type, self._actions, n=1)
        return f'unknown action "{type}".' + (f' Did you mean "{close[0]}"?' if close else "")

    def _add_shipped(self) -> None:
        for module in sorted(pkgutil.iter_modules(actions.__path__), key=lambda found: found.name):
            if not module.name.startswith("_"):
                finder = module.module_finder
                folder = finder.path if isinstance(finder, FileFinder) else ""
                with self._reported(str(Path(folder) / f"{module.name}.py"), module.name):
                    self._add_module(importlib.import_module(f"actions.{module.name}"))

    def _add_entry_points(self) -> None:
        for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda found: found.name):
            with self._reported(f"entry point {point.name} ({point.value})", point.name):
                found = point.load()
                if isinstance(found, types.ModuleType):
                    self._add_module(found)
                elif inspect.isclass(found) and issubclass(found, Action):
                    self._add(found)
                else:
                    raise TypeError(f"is {type(found).__name__}, neither an Action nor a module of them")

    def _add_folder(self, folder: Path, package: str) -> None:
        if not folder.is_dir():
            self.problems.append(SourceProblem(str(folder), 0, "no such folder", "warning"))
            return
        # A package of its own, so that files of one folder can share code: ``from ._common import …``.
        parent = types.ModuleType(package)
        parent.__path__ = [str(folder)]
        sys.modules[package] = parent
        for file in sorted(folder.glob("*.py")):
            if not file.name.startswith("_"):
                with self._reported(str(file), file.stem):
                    self._add_module(_import_file(file, f"{package}.{file.stem}"))

    def _add_module(self, module: types.ModuleType) -> None:
        found = [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, Action) and value.__module__ == module.__name__
        ]
        if not found:
            raise TypeError("defines no action: no subclass of actions.Action")
        for action in found:
            self._add(action)

    def _add(self, action: type[Action]) -> None:
        source, line = _place_of(action)  # type: ignore[arg-type]  # a class is hashable, mypy looks at its instances
        error = _declaration_error(action)
        name = str(getattr(action, "name", "") or action.__name__)
        if not error and name in self._actions:
            other = self._actions[name]
            error = f'action "{name}" exists already, from {other.source}:{other.line}'
        if error:
            self.problems.append(SourceProblem(source, line, error, name=name if name not in self._actions else ""))
        else:
            self._actions[name] = RegisteredAction(action(), source, line)

    @contextlib.contextmanager
    def _reported(self, source: str, name: str) -> Iterator[None]:
        """Turn whatever an author's file does wrong into a problem with its line; the others still load."""
        try:
            yield
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit too: a file that calls exit() must not end the service
            line = error.lineno or 0 if isinstance(error, SyntaxError) else 0
            for frame in traceback.extract_tb(error.__traceback__):
                line = frame.lineno or 0 if frame.filename == source else line
            self.problems.append(SourceProblem(source, line, f"{type(error).__name__}: {error}", name=name))


@functools.cache
def _place_of(action: type[Action]) -> tuple[str, int]:
    """File and line of its class; Python reads the whole file to find them."""
    return inspect.getsourcefile(action) or action.__module__, inspect.getsourcelines(action)[1]


def _import_file(file: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _declaration_error(action: type[Action]) -> str:
    """What keeps a class from being an action; empty when nothing does."""
    if not isinstance(getattr(action, "name", None), str) or not action.name:
        return f'{action.__name__} has no name: write name = "…"'
    if action.run is Action.run:
        return f"{action.__name__} does not define run()"
    schema: object = action.metadata_schema
    if schema is not None and not isinstance(schema, Mapping):
        return f"{action.__name__}.metadata_schema must be a dictionary"
    try:
        if action.Config:
            Declaration.of(action.Config)
        action()
    except Exception as error:  # an author's class may raise anything while it is understood
        return f"{type(error).__name__}: {error}"
    return ""
