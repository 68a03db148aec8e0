"""The actions of this installation, found once a process, and what the engine is told of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from actions import Surroundings
from actions._contract import DENIED_NETWORKS
from actions._registry import Registry
from tasks.config.current import configuration
from tasks.engine import goyaml
from tasks.engine.building import normalised_name
from tasks.engine.catalog import ConfigProblem
from tasks.engine.gotemplate.jsontext import dumps, loads, loads_first
from tasks.engine.schemas import check_schema, normalise
from tasks.models import Template


def _load_yaml(text: str) -> Any:
    return goyaml.read(text).value


def _read_schema(schema: Any) -> Any:
    check_schema(schema)
    return normalise(schema)


@cache
def registry() -> Registry:
    """All actions, with the surroundings they run in. Found at first use; a new file is seen after a restart."""
    current = configuration()
    surroundings = Surroundings(
        loads=loads,
        loads_first=loads_first,
        dumps=dumps,
        load_yaml=_load_yaml,
        read_schema=_read_schema,
        config=lambda name: configuration().items.only(name),
        scripts_folders=tuple(settings.UTASK_SCRIPTS_PATH),
        script_variables=tuple(settings.UTASK_SCRIPT_VARIABLES),
        base_url=current.base_url,
        denied_networks=DENIED_NETWORKS if settings.UTASK_DENIED_NETWORKS is None else settings.UTASK_DENIED_NETWORKS,
        max_response_bytes=settings.UTASK_MAX_OUTPUT_BYTES,
        notify_backends=frozenset(current.cfg.notify_config),
    )
    # The first folder is the one that ships: those are known by themselves.
    return Registry.discover(surroundings, settings.UTASK_ACTIONS_PATH[1:])


def pure_actions() -> frozenset[str]:
    """Names of the actions without effect outside the database."""
    found = registry()
    return frozenset(name for name in found.names() if found.get(name).pure)


class Catalog:
    """What the checks of a template ask: fits ``tasks.engine.catalog.ActionCatalog``."""

    def __init__(self, template_names: Collection[str] = ()) -> None:
        """``template_names``: of the same load; they count as existing beside those that are stored."""
        self._actions = registry()
        self._names = frozenset(template_names)

    def names(self) -> Collection[str]:
        return self._actions.names()

    def check(self, type: str, base_configuration: Any, configuration: Any) -> Sequence[ConfigProblem]:
        knowing = replace(self._actions.surroundings, template_exists=self.template_exists)
        return self._actions.check(type, base_configuration, configuration, surroundings=knowing)

    def metadata_schema(self, type: str) -> Mapping[str, Any] | None:
        return self._actions.metadata_schema(type)

    def template_exists(self, name: str) -> bool:
        wanted = normalised_name(name)
        return wanted in self._names or Template.objects.filter(name=wanted, archived=False).exists()
