"""What a text refers to, with its place in the file; texts that do not parse are reported here, once.

Source: docs/templates.md, "Checks".
"""

from tasks.engine.definition import FunctionDefinition
from tasks.engine.errors import Level
from tasks.engine.gotemplate import FUNCTIONS, ParseError, has_actions
from tasks.engine.gotemplate.errors import line_and_column
from tasks.engine.gotemplate.parser import parse
from tasks.engine.handles import FunctionUse, Use, uses_of
from tasks.engine.places import Report
from tasks.engine.texts import Text, texts_of_function

#: Functions that would let a text look into the server: they are there, and give nothing.
_BLIND_FUNCTIONS = frozenset({"env", "expandenv", "getHostByName"})


def checked_uses(text: Text, report: Report) -> list[Use]:
    """What a text refers to; nothing where it does not parse. Says so, and what is used in vain."""
    try:
        uses = uses_in(text)
    except ParseError as error:
        line = report.places.line_in_text(text.path, error.line)
        report.add(text.path, f"The text can never be rendered: {error.message}.", "", Level.ERROR, line)
        return []
    for use in uses:
        if isinstance(use, FunctionUse) and use.name in _BLIND_FUNCTIONS:
            what = f"{use.name} gives nothing: a text does not see the server's surroundings."
            report.add(text.path, what, "Use .config for settings.", Level.WARNING, line_of(use, text, report))
    return uses


def uses_in(text: Text) -> list[Use]:
    """What a text refers to. Raises ParseError."""
    return uses_of(parse(text.text, FUNCTIONS)) if has_actions(text.text) else []


def uses_in_function(function: FunctionDefinition) -> list[Use]:
    """All that the texts of a function refer to. Raises ParseError, which a checked function does not have."""
    return [use for text in texts_of_function(function) for use in uses_in(text)]


def line_of(use: Use, text: Text, report: Report) -> int:
    """The file's line on which something is used."""
    line, _ = line_and_column(text.text, use.position)
    return report.places.line_in_text(text.path, line)
