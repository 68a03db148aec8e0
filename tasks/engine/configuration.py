"""Rendering: one text, or every text within a JSON value. Keys, numbers, booleans and null stay as they are.

Source: docs/templates.md, "What is rendered".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.engine.gotemplate import TemplateError
from tasks.engine.variables import Evaluation


class NotRendered(Exception):
    """A text that cannot be rendered; the message is for the step's error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"Templating error: template: {error}")


def render_text(text: str, evaluation: Evaluation) -> str:
    """The text rendered; raises NotRendered."""
    try:
        return evaluation.render(text)
    except TemplateError as error:
        raise NotRendered(error) from error


def render_value(value: Any, evaluation: Evaluation, *, keys_too: bool = False) -> Any:
    """A copy in which every text, at any depth, is rendered; it stays a text. Raises NotRendered."""
    if isinstance(value, str):
        return render_text(value, evaluation) if "{{" in value else value
    if isinstance(value, Mapping):
        return {
            render_text(key, evaluation) if keys_too else key: render_value(item, evaluation, keys_too=keys_too)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [render_value(item, evaluation, keys_too=keys_too) for item in value]
    return value


def texts_in(value: Any) -> Iterator[str]:
    """Every text within a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
