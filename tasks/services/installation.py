"""What the engine is told of this installation: the same for all resolutions."""

from functools import lru_cache

from django.conf import settings

from tasks.config.current import Configuration, configuration
from tasks.config.items import template_values, visible_texts
from tasks.engine import goyaml
from tasks.engine.facts import Installation
from tasks.engine.gotemplate import Limits, Permissions
from tasks.services.catalog import pure_actions


def installation() -> Installation:
    """As configured now: a configuration that was read again counts from the next start of a resolution."""
    return _installation(_Identity(configuration()))


class _Identity:
    """A configuration as a key: the same object is the same key."""

    def __init__(self, current: Configuration) -> None:
        self.current = current

    def __hash__(self) -> int:
        return id(self.current)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.current is self.current


@lru_cache(maxsize=1)
def _installation(key: _Identity) -> Installation:
    current = key.current
    texts = visible_texts(current.items, current.cfg.concealed_secrets, current.cfg.visible_items)
    return Installation(
        # A template can ask the service itself; an item of the same key takes its place.
        config={"instance": {"url": current.base_url or f"http://127.0.0.1:{settings.PORT}"}}
        | template_values(texts, lambda text: goyaml.read(text).value),
        pure_actions=pure_actions(),
        max_output_bytes=settings.UTASK_MAX_OUTPUT_BYTES,
        limits=Limits(
            output_size=settings.UTASK_TEXT_OUTPUT_SIZE,
            steps=settings.UTASK_TEXT_STEPS,
            depth=settings.UTASK_TEXT_DEPTH,
            seconds=settings.UTASK_TEXT_SECONDS,
        ),
        permissions=Permissions(
            environment="environment" in settings.UTASK_TEXT_DOORS, network="network" in settings.UTASK_TEXT_DOORS
        ),
    )
