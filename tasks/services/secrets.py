"""Values of ``password`` inputs: shown to nobody, kept when the mask comes back.

Source: docs/api.md, "What is hidden".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.engine.definition import InputDefinition, InputType

MASK = "**__SECRET__**"


def masked(definitions: Sequence[InputDefinition], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with each password (a whole list, where it is a collection) replaced by the mask."""
    secret = _names(definitions)
    return {
        name: MASK if name in secret and value not in (None, "") else value for name, value in sorted(values.items())
    }


def unmasked(
    definitions: Sequence[InputDefinition], given: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """What was given, with each password that is still the mask taken from what is stored."""
    secret = _names(definitions)
    return {name: stored.get(name) if name in secret and value == MASK else value for name, value in given.items()}


def values_of(definitions: Sequence[InputDefinition], values: Mapping[str, Any]) -> set[str]:
    """The passwords themselves, elements of collections each for itself: to be taken out of what is shown."""
    found: set[str] = set()
    for name in _names(definitions):
        value = values.get(name)
        found |= {each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)}
    return found


def _names(definitions: Sequence[InputDefinition]) -> frozenset[str]:
    return frozenset(definition.name for definition in definitions if definition.type is InputType.PASSWORD)
