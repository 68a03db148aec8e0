"""Who may do what: one table of roles and operations, read by every service and by the pages that offer buttons.

Which *states* allow an operation is the engine's (``tasks/engine/lifecycle.py``); which part of a resolution somebody
may see is ``sees_details``. Source: docs/api.md, "Permissions".
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from tasks.models import MemberKind, MemberRole, Resolution, Task, TaskMember, Template, TemplateResolver
from tasks.services.actors import Actor
from tasks.services.errors import AdministratorsOnly, PermissionDenied


class Role(StrEnum):
    """What somebody is to one task; one person may be several."""

    ADMIN = "administrator"
    OWNER = "template owner"
    RESOLVER = "task resolver"
    CREATOR = "creator of the resolution"
    REQUESTER = "requester"
    WATCHER = "watcher"


class Operation(StrEnum):
    NAME_RESOLVERS = "name resolvers of a new task"
    READ_TASK = "read the task"
    EDIT_TASK = "edit the task"
    WONTFIX = "reject the task"
    DELETE_TASK = "delete the task"
    COMMENT = "comment the task"
    EDIT_COMMENT = "edit a comment"
    CREATE_RESOLUTION = "resolve the task"
    START_OVER = "start the task over"
    READ_RESOLUTION = "read the resolution"
    READ_DETAILS = "read outputs of steps and resolver inputs"
    RUN = "run the resolution"
    PAUSE = "pause the resolution"
    FORCE_PAUSE = "pause the resolution by force"
    EXTEND = "extend the resolution"
    CANCEL = "cancel the resolution"
    EDIT_RESOLUTION = "edit the resolution"
    EDIT_STEP = "edit a step"
    EDIT_STEP_STATE = "edit the state of a step"
    ROTATE_KEYS = "rotate the keys"
    OPERATE = "operate the service"


class Only(StrEnum):
    """A grant that holds under one more condition."""

    UNRESOLVED = "while the task has no resolution"
    START_OVER_ALLOWED = "if the template allows to start over"


_R = Role
_MANAGERS = frozenset({_R.ADMIN, _R.OWNER, _R.RESOLVER, _R.CREATOR})
_READERS = _MANAGERS | {_R.REQUESTER, _R.WATCHER}
_ADMINS = frozenset({_R.ADMIN})

#: Role by role, who may; what is not granted here is refused.
GRANTS: Mapping[Operation, frozenset[Role | tuple[Role, Only]]] = {
    Operation.NAME_RESOLVERS: frozenset({_R.ADMIN, _R.OWNER}),
    Operation.READ_TASK: _READERS,
    Operation.EDIT_TASK: frozenset({_R.ADMIN, _R.OWNER, (_R.REQUESTER, Only.UNRESOLVED)}),
    Operation.WONTFIX: frozenset({_R.ADMIN, _R.OWNER, _R.RESOLVER, _R.REQUESTER}),
    Operation.DELETE_TASK: _ADMINS,
    Operation.COMMENT: _READERS,
    Operation.EDIT_COMMENT: _ADMINS,  # and the comment's author: ``may_edit_comment``
    Operation.CREATE_RESOLUTION: frozenset({_R.ADMIN, _R.OWNER, _R.RESOLVER}),
    Operation.START_OVER: frozenset(
        {_R.ADMIN, (_R.OWNER, Only.START_OVER_ALLOWED), (_R.RESOLVER, Only.START_OVER_ALLOWED)}
    ),
    Operation.READ_RESOLUTION: _READERS,
    Operation.READ_DETAILS: _MANAGERS,
    Operation.RUN: _MANAGERS,
    Operation.PAUSE: _MANAGERS,
    Operation.FORCE_PAUSE: _ADMINS,
    Operation.EXTEND: _MANAGERS,
    Operation.CANCEL: _MANAGERS,
    Operation.EDIT_RESOLUTION: _ADMINS,
    Operation.EDIT_STEP: _ADMINS,
    Operation.EDIT_STEP_STATE: frozenset({_R.ADMIN, _R.OWNER}),
    Operation.ROTATE_KEYS: _ADMINS,
    Operation.OPERATE: _ADMINS,
}

#: Refused with "administrators only" (401 in the API) before the object is looked at.
ADMINISTRATORS_ONLY = frozenset(
    {
        Operation.DELETE_TASK,
        Operation.EDIT_RESOLUTION,
        Operation.EDIT_STEP,
        Operation.ROTATE_KEYS,
        Operation.OPERATE,
    }
)


def owns(actor: Actor, template: Template) -> bool:
    """Whether today's version of the template names the actor, or a group of his, as resolver."""
    return _named(actor, template.resolvers.all())


def roles(actor: Actor, task: Task, resolution: Resolution | None = None) -> frozenset[Role]:
    """Everything that the actor is to this task; empty for a stranger.

    ``resolution`` is the task's, where there is one. Two queries unless members and template resolvers are prefetched.
    """
    members = list(task.members.all())
    found = {
        Role.ADMIN: actor.is_admin,
        Role.OWNER: owns(actor, task.template),
        Role.RESOLVER: _named(actor, [member for member in members if member.role == MemberRole.RESOLVER]),
        Role.CREATOR: resolution is not None and resolution.resolver_username == actor.username,
        Role.REQUESTER: task.requester_username == actor.username,
        Role.WATCHER: _named(actor, [member for member in members if member.role == MemberRole.WATCHER]),
    }
    return frozenset(role for role, held in found.items() if held)


def granted(operation: Operation, held: frozenset[Role], *, resolved: bool, start_over_allowed: bool) -> bool:
    """Whether somebody with these roles may, given the two conditions that grants may have."""
    met = {Only.UNRESOLVED: not resolved, Only.START_OVER_ALLOWED: start_over_allowed}
    return any(
        (grant[0] in held and met[grant[1]]) if isinstance(grant, tuple) else grant in held
        for grant in GRANTS[operation]
    )


def may(actor: Actor, operation: Operation, task: Task, resolution: Resolution | None = None) -> bool:
    """Whether the actor may do this to the task or its resolution, its state aside."""
    return _granted_to(operation, roles(actor, task, resolution), task, resolution)


def require(actor: Actor, operation: Operation, task: Task, resolution: Resolution | None = None) -> None:
    """Raise PermissionDenied (AdministratorsOnly where nobody else may) unless the actor may.

    What he may only as an administrator is noted in ``actor.privileges``.
    """
    if operation in ADMINISTRATORS_ONLY:
        require_admin(actor, operation)
        actor.privileges.add(operation)
        return
    held = roles(actor, task, resolution)
    if not _granted_to(operation, held, task, resolution):
        raise PermissionDenied(f"{actor.username} may not {operation}")
    if actor.is_admin and not _granted_to(operation, held - {Role.ADMIN}, task, resolution):
        actor.privileges.add(operation)


def require_admin(actor: Actor, operation: Operation = Operation.OPERATE) -> None:
    """Raise AdministratorsOnly unless the actor is one."""
    if not actor.is_admin:
        raise AdministratorsOnly(f"only administrators may {operation}")


def _granted_to(operation: Operation, held: frozenset[Role], task: Task, resolution: Resolution | None) -> bool:
    conditional = any(isinstance(grant, tuple) for grant in GRANTS[operation])
    return granted(
        operation,
        held,
        resolved=resolution is not None or (conditional and hasattr(task, "resolution")),
        start_over_allowed=conditional and task.template.allow_task_start_over,
    )


def _named(actor: Actor, people: Iterable[TaskMember | TemplateResolver]) -> bool:
    return any(
        person.name == actor.username if person.kind == MemberKind.USER else person.name in actor.groups
        for person in people
    )
