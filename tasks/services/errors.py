"""Why an operation was refused. Each face translates these at its door; the texts are for people.

No text holds a value that a person typed for a password.
"""

from collections.abc import Mapping, Sequence


class ServiceError(Exception):
    """Base of all refusals; the operation left nothing behind."""


class NotFound(ServiceError):
    """There is no such task, resolution, step, template…"""


class PermissionDenied(ServiceError):
    """The actor may not do this to this object."""


class AdministratorsOnly(PermissionDenied):
    """Only administrators may do this to anything."""


class BadRequest(ServiceError):
    """What was asked cannot be done as it was asked; ``fields`` says per field why, where fields are at fault."""

    def __init__(self, what: str, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        self.fields = dict(fields or {})
        super().__init__(what)


class WrongState(ServiceError):
    """The state of the task or resolution does not allow this."""


class Conflict(ServiceError):
    """Somebody else changed or holds the object at this moment."""


class Maintenance(ServiceError):
    """The service is in maintenance mode: nothing is written."""

    def __init__(self) -> None:
        super().__init__("Maintenance mode activated")


class TooMany(ServiceError):
    """Tried too often in too short a time."""


class Outdated(ServiceError):
    """The object is not any more what the client has seen."""
