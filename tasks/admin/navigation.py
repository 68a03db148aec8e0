"""The frame around every page: sections, who is logged in, what waits for him, whether nothing can be written."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from tasks.admin.actors import actor_of
from tasks.config.current import configuration
from tasks.services import home, maintenance


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation; ``count`` is shown beside it unless 0."""

    key: str
    label: str
    address: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """What the base template draws around a page."""

    application: str
    sections: tuple[Section, ...]
    username: str = ""
    initial: str = ""
    is_admin: bool = False
    is_superuser: bool = False
    maintenance: bool = False


#: key, label, name of the address, whether it is for administrators alone.
_SECTIONS = (
    ("tasks", "Tasks", "admin:tasks", False),
    ("new", "New task", "admin:new", False),
    ("templates", "Templates", "admin:templates", False),
    ("actions", "Actions", "admin:actions", False),
    ("editor", "Editor", "admin:editor", False),
    ("operations", "Operations", "admin:operations", True),
)


def shell(request: HttpRequest, *, section: str) -> Shell:
    """The frame for this request; ``section``: the entry that is highlighted. A handful of short queries."""
    application = configuration().cfg.application_name or "µTask"
    if not request.user.is_authenticated:
        return Shell(application, ())
    actor = actor_of(request)
    waiting = home.count_waiting(actor)
    sections = tuple(
        Section(key, label, reverse(address), key == section, waiting if key == "tasks" else 0)
        for key, label, address, admins_only in _SECTIONS
        if actor.is_admin or not admins_only
    )
    return Shell(
        application=application,
        sections=sections,
        username=actor.username,
        initial=actor.username[:1].upper(),
        is_admin=actor.is_admin,
        is_superuser=bool(getattr(request.user, "is_superuser", False)),
        maintenance=maintenance.is_on(),
    )
