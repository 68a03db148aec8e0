"""From a name and groups, however they were found, to an acting user with his rights.

Administrators are Django's superusers, and whom ``utask-cfg`` names (``admin_usernames``, ``admin_groups``). Groups are
Django's groups and those of ``groups-auth``, together. Source: docs/api.md, "Permissions".
"""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from tasks.config.current import configuration
from tasks.services.actors import Actor


def actor_named(username: str, groups: Iterable[str] = (), *, superuser: bool = False, address: str = "") -> Actor:
    """The acting user of this name and these groups."""
    current = configuration()
    all_groups = frozenset(groups) | frozenset(current.groups_of(username))
    is_admin = (
        superuser or username in current.cfg.admin_usernames or not all_groups.isdisjoint(current.cfg.admin_groups)
    )
    return Actor(username, all_groups, is_admin, address)


def actor_of_user(
    user: AbstractBaseUser | AnonymousUser, *, address: str = "", more_groups: Iterable[str] = ()
) -> Actor:
    """The acting user behind a Django user who is logged in, in these groups too. One query for his own groups."""
    if not isinstance(user, User):
        raise TypeError("only a user who is logged in can act")
    groups = (*user.groups.values_list("name", flat=True), *more_groups)
    return actor_named(user.get_username(), groups, superuser=user.is_superuser and user.is_active, address=address)
