"""The actions that ship, one file each, and all that an author's own action needs. Guide: docs/actions.md.

``_contract`` says what an action is, ``_registry`` which ones there are. No action knows the engine or the database.
"""

from actions._contract import (
    Action,
    ActionError,
    ClientError,
    ConfigProblem,
    Context,
    NotReady,
    Result,
    ServerError,
    Stopped,
    Surroundings,
    ToRetry,
)
from actions._fields import field

__all__ = [
    "Action",
    "ActionError",
    "ClientError",
    "ConfigProblem",
    "Context",
    "NotReady",
    "Result",
    "ServerError",
    "Stopped",
    "Surroundings",
    "ToRetry",
    "field",
]
