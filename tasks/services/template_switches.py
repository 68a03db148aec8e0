"""Templates that an administrator blocked or hid by hand, whatever their files say.

What was switched is kept apart from the templates and laid over every load, so it outlives restarts and new versions
until it is switched back. Source: docs/operating.md, "Templates".
"""

import logging
from typing import Literal

from django.db import transaction

from tasks.engine.gotemplate import loads
from tasks.models import Setting, Template
from tasks.services.actors import Actor
from tasks.services.errors import NotFound
from tasks.services.permissions import Operation, require_admin

log = logging.getLogger(__name__)

Switch = Literal["blocked", "hidden"]
_NAME = "template switches"


def switched() -> dict[str, dict[str, bool]]:
    """Name of a template -> what was switched on by hand: ``{"blocked": true}``. One query."""
    return dict(Setting.objects.filter(name=_NAME).values_list("value", flat=True).first() or {})


@transaction.atomic
def switch(actor: Actor, name: str, which: Switch, *, on: bool) -> None:
    """Block or hide a template by hand, or take that back; what its file says stays. Raises AdministratorsOnly,
    NotFound."""
    require_admin(actor, Operation.OPERATE)
    template = Template.objects.select_for_update().filter(name=name, current__isnull=False).first()
    if template is None:
        raise NotFound(f'no such template: "{name}"')
    row, _ = Setting.objects.select_for_update().get_or_create(name=_NAME, defaults={"value": {}})
    mine = {other: True for other in row.value.get(name, {}) if other != which} | ({which: True} if on else {})
    row.value = {key: value for key, value in row.value.items() if key != name} | ({name: mine} if mine else {})
    row.updated_by = actor.username
    row.save(update_fields=["value", "updated", "updated_by"])
    Template.objects.filter(pk=template.pk).update(**{which: on or _as_written(template, which)})
    log.info("template switched", extra={"template": name, "switch": which, "on": on, "user": actor.username})


def _as_written(template: Template, which: Switch) -> bool:
    """What the current version says."""
    assert template.current is not None
    return bool(loads(template.current.document).get(which))


def apply() -> None:
    """Lay the switches over what a load has stored; part of its transaction."""
    for name, mine in switched().items():
        Template.objects.filter(name=name).update(**mine)
