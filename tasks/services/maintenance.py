"""Maintenance mode: nothing is written but keys; set at start by configuration, or by an administrator at run time.

Source: docs/operating.md, "Maintenance".
"""

from django.conf import settings
from django.db import transaction

from tasks.models import Setting
from tasks.services.actors import Actor
from tasks.services.errors import Maintenance
from tasks.services.permissions import Operation, require_admin

_NAME = "maintenance"


def is_on() -> bool:
    """Whether the service is in maintenance mode now. One query, unless it was started so."""
    return settings.UTASK_MAINTENANCE or Setting.objects.filter(name=_NAME, value=True).exists()


def is_fixed() -> bool:
    """Whether the service was started so: then it cannot be switched off while it runs."""
    return bool(settings.UTASK_MAINTENANCE)


def require_writable() -> None:
    """Raise Maintenance where nothing may be written."""
    if is_on():
        raise Maintenance


@transaction.atomic
def switch(actor: Actor, *, on: bool) -> None:
    """Turn it on or off for all processes. Raises AdministratorsOnly."""
    require_admin(actor, Operation.OPERATE)
    Setting.objects.update_or_create(name=_NAME, defaults={"value": on, "updated_by": actor.username})
