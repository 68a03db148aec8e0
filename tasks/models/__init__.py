"""Every table. No rules of the engine here; see docs/architecture.md."""

from tasks.models.cache import CacheEntry
from tasks.models.callback import Callback
from tasks.models.idempotency import IdempotentAnswer
from tasks.models.journal import JournalEntry, JournalKind
from tasks.models.list_entry import ListEntry
from tasks.models.login import FailedLogin
from tasks.models.names import MemberKind, MemberRole
from tasks.models.outbox import OutboxMessage
from tasks.models.resolution import Resolution
from tasks.models.resource import ResourceSlot
from tasks.models.runner import Runner
from tasks.models.setting import Setting
from tasks.models.step import Step
from tasks.models.task import Batch, Comment, Task, TaskMember, TaskTag
from tasks.models.template import Function, LoadProblem, Template, TemplateResolver, TemplateVersion

__all__ = [
    "Batch",
    "CacheEntry",
    "Callback",
    "Comment",
    "FailedLogin",
    "Function",
    "IdempotentAnswer",
    "JournalEntry",
    "JournalKind",
    "ListEntry",
    "LoadProblem",
    "MemberKind",
    "MemberRole",
    "OutboxMessage",
    "Resolution",
    "ResourceSlot",
    "Runner",
    "Setting",
    "Step",
    "Task",
    "TaskMember",
    "TaskTag",
    "Template",
    "TemplateResolver",
    "TemplateVersion",
]
