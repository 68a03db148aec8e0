"""What a handle can see: ``.input .resolver_input .config .task .var .step .iterator .pre_hook .function_args``.

A ``Values`` is a snapshot that costs the same however many steps there are: the steps are frozen values in a persistent
map (``rpds``), which the running resolution replaces and never changes. So a try sees the values of the moment when it
began, whatever ends meanwhile, and no copy is made. Source: docs/engine.md, "Values".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rpds import HashTrieMap

from tasks.engine.definition import TemplateDefinition
from tasks.engine.steps import Step


@dataclass(frozen=True, slots=True)
class Values:
    """Everything that texts may name, at one moment."""

    definition: TemplateDefinition
    #: ``.input``, ``.resolver_input``, ``.config``, ``.task``, ``.var``: the same for the whole run.
    fixed: Mapping[str, Any]
    steps: HashTrieMap[str, Step]
