"""YAML text to a checked definition: the front door of templates and functions.

The way of a document: ``goyaml`` (text to a tree with lines), ``decoding`` (tree to declared fields), ``building``
(fields to definitions), ``checks`` (definitions to problems). Nothing is raised; all problems are in the answer.
Source: docs/templates.md, "From YAML to the template".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from tasks.engine import goyaml
from tasks.engine.building import Builder
from tasks.engine.catalog import ActionCatalog
from tasks.engine.checks import check_function, check_template
from tasks.engine.declarations import FUNCTION, TEMPLATE, Record
from tasks.engine.decoding import Decoder, Fields
from tasks.engine.definition import FunctionDefinition, TemplateDefinition
from tasks.engine.errors import Level, Problem
from tasks.engine.functions import used_functions
from tasks.engine.nodes import Node, repeated_keys
from tasks.engine.places import Report

#: Levels of nesting that a document may have.
DEEPEST = 200

_Definition = TypeVar("_Definition")


def parse_template(
    text: str,
    file: str = "",
    catalog: ActionCatalog | None = None,
    functions: Mapping[str, FunctionDefinition] | None = None,
) -> tuple[TemplateDefinition | None, list[Problem]]:
    """The template that a YAML text holds, and all its problems in order of lines; None when any is an error.

    ``functions`` are all that are loaded, by name; the definition carries those it uses. Without ``catalog`` nothing
    is said about names and configurations of actions.
    """

    def build(fields: Fields, report: Report) -> TemplateDefinition:
        definition = Builder(report).template(fields)
        definition = replace(definition, functions=used_functions(definition.steps.values(), functions or {}))
        check_template(definition, report, catalog)
        return definition

    return _parse(text, file, TEMPLATE, build)


def parse_function(
    text: str,
    file: str = "",
    catalog: ActionCatalog | None = None,
    functions: Mapping[str, FunctionDefinition] | None = None,
) -> tuple[FunctionDefinition | None, list[Problem]]:
    """The function that a YAML text holds, and the problems that it has whoever calls it; None when any is an error.

    ``functions`` are those loaded before: a name is taken once only, be it by a function or an action. What it calls
    is checked where a template uses it, since that may be loaded later.
    """

    def build(fields: Fields, report: Report) -> FunctionDefinition:
        function = Builder(report).function(fields, file)
        check_function(function, report)
        if (other := (functions or {}).get(function.name)) is not None:
            what = f'There is another function "{function.name}", in {other.file or "no file"}.'
            report.error(("name",), what, "Rename one of the two.")
        if catalog is not None and function.name in catalog.names():
            report.error(("name",), f'There is an action called "{function.name}".', "Rename the function.")
        return function

    return _parse(text, file, FUNCTION, build)


def _parse(
    text: str, file: str, record: Record, build: Callable[[Fields, Report], _Definition]
) -> tuple[_Definition | None, list[Problem]]:
    report = Report(file)
    try:
        document = goyaml.read(text, deepest=DEEPEST)
    except goyaml.YAMLError as error:
        return None, [Problem(file, error.line, None, error.what, error.mend)]
    if document.more_documents:
        report.add((), "Only the first document of the file counts.", "Move the others to files.", Level.WARNING, 1)
    for node in _all_nodes(document.root):
        for before, again in repeated_keys(node):
            what = f'"{again.key}" is given twice, on lines {before.line} and {again.line}; the second counts.'
            report.add((), what, "Remove one of them.", Level.WARNING, again.line)
    report.places.lines[()] = 1
    definition = build(Decoder(report, is_yaml=True).record(record, document.root, ()), report)
    return None if report.has_errors else definition, report.in_order()


def _all_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.elements)
        pending.extend(entry.node for entry in node.entries)
