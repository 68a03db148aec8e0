"""Where configuration items come from, which one counts, and which of them a template may see.

An item is a key, a text and a priority. ``CONFIGURATION_FROM`` names the sources; this module reads them and knows
nothing of what the items mean (``cfg.py`` does, for ``utask-cfg``). Source: docs/operating.md, "Configuration items".
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

#: Priorities of items that do not carry their own.
ENVIRONMENT_PRIORITY = 15
TREE_PRIORITY = 5
TREE_CAPITAL_PRIORITY = 10
FILE_PRIORITY = 0

#: Never shown to a template, whatever ``concealed_secrets`` says.
ALWAYS_CONCEALED = frozenset(
    {
        "basic-auth",
        "callback-config",
        "database",
        "encryption-key",
        "groups-auth",
        "notify-webhook-credentials",
        "utask-cfg",
    }
)
#: Variables of the process that are secrets of the service itself; an ``env`` source does not make items of them.
SERVICE_SECRETS = frozenset(
    {
        "CONFIGURATION_FROM",
        "DATABASE_URL",
        "TEST_DATABASE_URL",
        "UTASK_ADMIN_PASSWORD",
        "UTASK_ENCRYPTION_KEYS",
        "UTASK_SECRET_KEY",
        "UTASK_SECRET_KEY_FALLBACKS",
    }
)


def normalise(key: str) -> str:
    """The spelling of a key that counts: ``UTASK_CFG`` and ``utask-cfg`` are one."""
    return key.strip().lower().replace("_", "-")


@dataclass(frozen=True)
class Item:
    """One configuration item. Its value may be a secret and is not part of its representation."""

    key: str
    value: str = field(repr=False)
    priority: int
    source: str = ""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with the configuration: where it stands and what is wrong, without secret values."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration, at once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(str(mistake) for mistake in self.mistakes))


class SourceError(Exception):
    """A source cannot be read; the message says which part of it and why."""


#: What a source of items is to the rest: a name, and a function that reads it.
Source = Callable[[], Iterable[Item]]


@dataclass(frozen=True)
class Items:
    """All items of all sources, in the order of the sources, and what went wrong in reading them."""

    items: tuple[Item, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def all(self, key: str) -> list[Item]:
        """Every item with this key, in the order of the sources."""
        wanted = normalise(key)
        return [item for item in self.items if item.key == wanted]

    def get(self, key: str) -> str | None:
        """The value of the item with the highest priority; of several with the same, the first. None without one."""
        found = self.all(key)
        return max(found, key=lambda item: item.priority).value if found else None

    def only(self, key: str) -> str:
        """The value of the one item with this key, priorities aside. Raises LookupError where there is not just one."""
        found = self.all(key)
        if not found:
            raise LookupError(f'no item found for configuration key "{normalise(key)}"')
        if len(found) > 1:
            raise LookupError(f'ambiguous configuration key "{normalise(key)}", {len(found)} items share that key')
        return found[0].value

    def distinct_keys(self) -> list[str]:
        """Each key once, in the order of the sources."""
        return list(dict.fromkeys(item.key for item in self.items))


def visible_texts(items: Items, concealed: Iterable[str], visible: Iterable[str] | None = None) -> dict[str, str]:
    """Key -> text of the items a template may see: none of ours, none that is empty, none that is concealed.

    Where ``visible`` is given, only the keys named there are shown. Source: docs/operating.md, "What a template sees".
    """
    hidden = ALWAYS_CONCEALED | {normalise(key) for key in concealed}
    shown = None if visible is None else {normalise(key) for key in visible}
    texts = {
        key: items.get(key) for key in items.distinct_keys() if key not in hidden and (shown is None or key in shown)
    }
    return {key: text for key, text in texts.items() if text}


def template_values(texts: Mapping[str, str], parse: Callable[[str], Any]) -> dict[str, Any]:
    """``.config``: each text as the YAML value it holds, or as it is where it holds none.

    ``parse`` turns YAML text into a value that keeps the text of its numbers, and raises ValueError or YAMLError.
    """
    return {key: _parsed(text, parse) for key, text in texts.items()}


def _parsed(text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except (ValueError, yaml.YAMLError):
        return text


def read_items(
    configuration_from: str, environ: Mapping[str, str], plugin_sources: Mapping[str, Source] | None = None
) -> Items:
    """The items of every source that ``CONFIGURATION_FROM`` lists, then those that init plugins have added.

    A source that cannot be read gives a mistake, not an exception; the others are read all the same.
    """
    items: list[Item] = []
    mistakes: list[Mistake] = []
    for name, read in _sources(configuration_from, environ, plugin_sources or {}, mistakes):
        try:
            items.extend(read())
        except (SourceError, OSError, UnicodeDecodeError) as error:
            mistakes.append(Mistake("CONFIGURATION_FROM", f"configstore: provider '{name}': {error}"))
    return Items(tuple(items), tuple(mistakes))


def _sources(
    configuration_from: str, environ: Mapping[str, str], plugins: Mapping[str, Source], mistakes: list[Mistake]
) -> Iterator[tuple[str, Source]]:
    seen: set[str] = set()
    for element in filter(None, (part.strip() for part in configuration_from.split(","))):
        kind, _, argument = (part.strip() for part in element.partition(":"))
        name = f"{kind}:{argument}" if argument else kind
        if name in seen:
            reason = f"configstore: provider '{name}': configstore: conflict on configuration provider: {name}"
            mistakes.append(Mistake("CONFIGURATION_FROM", reason))
            continue
        seen.add(name)
        if kind == "env":
            yield name, partial(_read_environment, environ, argument, name)
        elif kind in _READERS:
            if argument:
                yield name, partial(_READERS[kind], Path(argument), name)
        elif kind not in plugins:
            known = ", ".join(["env", *_READERS, *plugins])
            reason = f"configstore: provider '{name}': failed to instantiate provider factory; known sources: {known}"
            mistakes.append(Mistake("CONFIGURATION_FROM", reason))
    yield from plugins.items()


def _read_environment(environ: Mapping[str, str], prefix: str, source: str) -> Iterator[Item]:
    start = f"{prefix}_".upper() if prefix else ""
    for name, value in environ.items():
        if name.upper().startswith(start) and len(name) > len(start) and name.upper() not in SERVICE_SECRETS:
            yield Item(normalise(name[len(start) :]), value, ENVIRONMENT_PRIORITY, source)


def _read_file(path: Path, source: str) -> Iterator[Item]:
    document = _read_document(path)
    if not isinstance(document, list):
        raise SourceError(f"{path}: must be a list of objects with key, value and priority")
    for number, entry in enumerate(document, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or not entry["key"].strip():
            raise SourceError(f"{path}: entry {number} is not an object with a key")
        value = entry.get("value", "")
        if not isinstance(value, str):
            raise SourceError(f'{path}: entry {number}, "{normalise(entry["key"])}": value must be text')
        yield Item(normalise(entry["key"]), value, _priority(entry, path, number), source)


def _priority(entry: Mapping[str, Any], path: Path, number: int) -> int:
    try:
        return int(entry.get("priority", FILE_PRIORITY))
    except (TypeError, ValueError):
        raise SourceError(f'{path}: entry {number}, "{normalise(entry["key"])}": priority must be an integer') from None


def _read_document(path: Path) -> Any:
    """JSON or YAML with every scalar as the text it is written in."""
    text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        pass
    try:
        # BaseLoader makes nothing but texts, lists and mappings: the safest of all loaders.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # nosec B506
    except yaml.YAMLError as error:
        # The problem's own text may quote the document, which holds secrets: only the place is told.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise SourceError(f"{path}: neither JSON nor YAML" + ("" if line is None else f", line {line + 1}")) from None


def _read_file_list(folder: Path, source: str) -> Iterator[Item]:
    for path in _entries(folder):
        if path.is_file():
            yield from _read_file(path, source)


def _read_file_tree(folder: Path, source: str) -> Iterator[Item]:
    for path in _entries(folder):
        if path.is_dir():
            for inner in _entries(path):
                if inner.is_dir():
                    raise SourceError(f"{inner}: sub-folders of sub-folders are not read")
                yield _tree_item(path.name, inner, source)
        else:
            yield _tree_item(path.name, path, source)


def _tree_item(key: str, path: Path, source: str) -> Item:
    priority = TREE_CAPITAL_PRIORITY if path.name[:1].isupper() else TREE_PRIORITY
    # Editors and `kubectl create secret --from-file` end a file with a newline that nobody means.
    text = path.read_text(encoding="utf-8")
    return Item(normalise(key), text[:-1] if text.endswith("\n") else text, priority, source)


def _entries(folder: Path) -> list[Path]:
    """What stands in the folder, by name; hidden entries (the link folders of Kubernetes too) are not looked at."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


_READERS: Mapping[str, Callable[[Path, str], Iterable[Item]]] = {
    "file": _read_file,
    "filelist": _read_file_list,
    "filetree": _read_file_tree,
}
