"""Files of templates and functions, read and checked: nothing here is stored. Source: docs/templates.md, "Loading"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from tasks.engine import goyaml
from tasks.engine.building import normalised_name
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.errors import Level, Problem
from tasks.engine.reading import parse_function, parse_template
from tasks.services.catalog import Catalog

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Source:
    """One template's file as it was read."""

    file: str
    text: str
    #: None: it is refused.
    definition: TemplateDefinition | None
    #: The name, as far as it can be told of a template that is refused.
    name: str


@dataclass
class Reading:
    """All files of some folders, with every problem of every file."""

    functions: dict[str, FunctionDefinition] = field(default_factory=dict)
    templates: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: Each file's text.
    texts: dict[str, str] = field(default_factory=dict)

    def text_of(self, file: Path) -> str | None:
        """The file's text; None, with a problem, where it cannot be read."""
        try:
            self.texts[str(file)] = text = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            self.problems.append(Problem(str(file), 0, None, f"The file cannot be read: {reason}."))
            return None
        return text


def read_folders(folders: Sequence[Path], functions_folders: Sequence[Path]) -> Reading:
    """Functions first, since templates hold those they use; then templates, which may name each other."""
    reading = Reading()
    _read_functions(functions_folders, reading)
    _read_templates(folders, reading)
    return reading


def lint(files: Iterable[Path]) -> Reading:
    """These files alone, which see the configured functions and templates.

    A file with an ``action`` and no ``steps`` is a function.
    """
    reading = Reading()
    configured = read_folders(settings.UTASK_TEMPLATES_PATH, settings.UTASK_FUNCTIONS_PATH)
    given = [(str(file), text) for file in files if (text := reading.text_of(file)) is not None]
    functions = {
        name: each
        for name, each in configured.functions.items()
        if all(Path(each.file).resolve() != Path(file).resolve() for file, _ in given)
    }
    for file, text in given:
        if _is_function(text):
            function, problems = parse_function(text, file, Catalog(), functions)
            reading.problems += problems
            if function is not None:
                functions[function.name] = reading.functions[function.name] = function
    templates = [(file, text) for file, text in given if not _is_function(text)]
    names = {source.name for source in configured.templates} | {_name_of(text) for _, text in templates}
    for file, text in templates:
        definition, problems = parse_template(text, file, Catalog(names), functions)
        reading.problems += problems
        reading.templates.append(Source(file, text, definition, _name_of(text)))
    return reading


def _read_functions(folders: Sequence[Path], reading: Reading) -> None:
    for folder in folders:
        if not folder.is_dir():
            what = "There is no such folder of functions."
            reading.problems.append(Problem(str(folder), 0, None, what, level=Level.WARNING))
            continue
        for file in _function_files(folder):
            text = reading.text_of(file)
            if text is not None:
                function, problems = parse_function(text, str(file), Catalog(), reading.functions)
                reading.problems += problems
                if function is not None:
                    reading.functions[function.name] = function


def _read_templates(folders: Sequence[Path], reading: Reading) -> None:
    files: list[tuple[str, str | None]] = []
    for folder in folders:
        if not folder.is_dir():
            reading.problems.append(Problem(str(folder), 0, None, "There is no such folder of templates."))
            continue
        files += [(str(file), reading.text_of(file)) for file in _template_files(folder)]
    catalog = Catalog({_name_of(text) for _, text in files if text is not None})
    first: dict[str, str] = {}
    for file, text in files:
        if text is None:
            reading.templates.append(Source(file, "", None, ""))
            continue
        definition, problems = parse_template(text, file, catalog, reading.functions)
        reading.problems += problems
        if definition is not None and first.setdefault(definition.name, file) != file:
            what = f'It replaces the template "{definition.name}" of {first[definition.name]}.'
            reading.problems.append(Problem(file, 1, None, what, "Rename one of them.", Level.WARNING))
        reading.templates.append(Source(file, text, definition, _name_of(text)))


def _template_files(folder: Path) -> list[Path]:
    """Hidden ones too; not in folders below."""
    return sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file())


def _function_files(folder: Path) -> list[Path]:
    """In folders below too; hidden ones not."""
    found = (file for file in folder.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts))


def _is_function(text: str) -> bool:
    top = _top_level(text)
    return "action" in top and "steps" not in top


def _name_of(text: str) -> str:
    """The name of a template that may be refused; "" where even that cannot be read."""
    name = _top_level(text).get("name")
    return normalised_name(name) if isinstance(name, str) else ""


def _top_level(text: str) -> Mapping[str, object]:
    try:
        value = goyaml.read(text).value
    except goyaml.YAMLError:
        return {}
    return value if isinstance(value, dict) else {}
