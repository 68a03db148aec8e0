"""Who acts: a name, groups and whether he is an administrator, as the way of authentication found them.

Services take an ``Actor``, never a request or a Django user: what an API client, a person in the admin and a subtask
do goes through the same door.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting user. Names and groups are compared exactly. Source: docs/api.md, "Permissions"."""

    username: str
    groups: frozenset[str] = frozenset()
    is_admin: bool = False
    #: Where the request came from, for the journal; "" for acts from inside.
    address: str = field(default="", compare=False)
    #: Operations that were allowed only because he is an administrator, noted as they are asked for; for the audit.
    privileges: set[str] = field(default_factory=set, compare=False, repr=False)
