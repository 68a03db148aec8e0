"""The variables of a template: values, texts and JavaScript expressions, asked for by ``eval`` and ``evalCache``."""

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

from tasks.engine import javascript
from tasks.engine.definition import TemplateDefinition, VariableDefinition
from tasks.engine.facts import Installation
from tasks.engine.gotemplate import GoError, TemplateError, render


@lru_cache(maxsize=4096)
def _changes_its_data(text: str) -> bool:
    """Whether the text may change a map that it is given: it then gets a copy, since values are shared."""
    return _CHANGING.search(text) is not None


#: The functions whose purpose is to change a map.
_CHANGING: Final = re.compile(r"\b(?:set|unset|merge|mergeOverwrite|mustMerge|mustMergeOverwrite)\b")


class Evaluation:
    """Answers ``eval`` for one set of values. Source: docs/templates.md, "Variables".

    ``cache``: what ``evalCache`` has already computed; one for each try of a step.
    """

    def __init__(
        self,
        definition: TemplateDefinition,
        installation: Installation,
        handles: Mapping[str, Any],
        cache: dict[str, Any],
    ) -> None:
        self._definition = definition
        self._installation = installation
        self._handles = handles
        self._cache = cache
        self._under_way: list[str] = []
        self._copies = False

    def render(self, text: str) -> str:
        """A text with these values. Raises TemplateError."""
        changes_its_data = _changes_its_data(text)
        self._copies = self._copies or changes_its_data
        return render(
            text,
            deepcopy(self._handles) if changes_its_data else self._handles,
            limits=self._installation.limits,
            permissions=self._installation.permissions,
            variables=self,
        )

    def evaluate(self, name: str) -> object:
        """The variable's value, computed now; raises GoError: unknown, failed, or asking for itself."""
        variable = self._definition.variable_by_name.get(name)
        if variable is None:
            raise GoError(f'there is no variable "{name}"')
        if name in self._under_way:
            raise GoError(f'variable "{name}" asks for itself: {" -> ".join([*self._under_way, name])}')
        self._under_way.append(name)
        try:
            return self._own(self._value(variable))
        except (TemplateError, javascript.JavaScriptError, ValueError) as error:
            raise GoError(f'variable "{name}": {error}') from error
        finally:
            self._under_way.pop()

    def evaluate_cached(self, name: str) -> object:
        """The variable's value, computed once."""
        if name not in self._cache:
            self._cache[name] = self.evaluate(name)
        return self._own(self._cache[name])

    def _own(self, value: object) -> object:
        """The value, as a copy where a text may change it: it belongs to the template, or to the cache."""
        return deepcopy(value) if self._copies else value

    def _value(self, variable: VariableDefinition) -> object:
        if variable.expression:
            source = self.render(variable.expression)
            return javascript.evaluate(source, variable.expression_timeout, self._handles)
        return self.render(variable.value) if isinstance(variable.value, str) else variable.value
