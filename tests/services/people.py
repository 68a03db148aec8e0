"""People who act on services directly."""

from tasks.services.actors import Actor
from tasks.services.identity import actor_named
from tests.api.world import PEOPLE


def actor(name: str) -> Actor:
    """The person of this name of ``tests/api/world.py``, with his groups and rights."""
    return actor_named(name, PEOPLE[name], superuser=name == "adm", address="192.0.2.7")
