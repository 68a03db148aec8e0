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
    Requester,
    Result,
    ServerError,
    Stopped,
    Surroundings,
    ToRetry,
)
from actions._effects import (
    AwaitCallback,
    CacheDelete,
    CacheGet,
    CachePut,
    CreateCallback,
    FollowBatch,
    FollowTask,
    GiveBackRuns,
    Notify,
)
from actions._fields import field
from actions._web import Answer, Basic, Digest, Tls

__all__ = [
    "Action",
    "ActionError",
    "Answer",
    "AwaitCallback",
    "Basic",
    "CacheDelete",
    "CacheGet",
    "CachePut",
    "ClientError",
    "ConfigProblem",
    "Context",
    "CreateCallback",
    "Digest",
    "FollowBatch",
    "FollowTask",
    "GiveBackRuns",
    "NotReady",
    "Notify",
    "Requester",
    "Result",
    "ServerError",
    "Stopped",
    "Surroundings",
    "Tls",
    "ToRetry",
    "field",
]
