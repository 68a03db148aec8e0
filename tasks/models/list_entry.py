"""Under what tasks are found in lists: a table that the database writes itself.

An index holds columns of one table, but a list asks for tags or people together with the order of activity, which
stand in three. So triggers (migration 0002) copy here what lists ask for when tags and people are written. They are no
cost where there are none; a change of a task's activity touches its entries only when the slot changes. Tags times
members could be millions: only a task's first five members have an entry for each tag, the others one for all.
"""

from datetime import datetime

from django.db import models

from tasks.models.names import MemberKind, MemberRole
from tasks.models.task import Task

#: How much of a tag's text an index may hold; PostgreSQL takes 2,700 bytes for all columns together.
TAG_LENGTH = 300


class ListEntry(models.Model):
    """One audience's list of the tasks with one tag, or with any: here is one task of it.

    Newest slot first, then ``last_activity`` of the task, is the order of lists.
    """

    pk = models.CompositePrimaryKey("task_id", "audience", "tag")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="list_entries", db_index=False)
    #: Whose list: ``EVERYONE``, ``of_requester``, ``of_template`` (these with a tag only) or ``of_member``.
    audience = models.TextField()
    #: ``tag_text``; "": whatever its tags are; ``LATER_MEMBER``: of a member behind the first five, besides "".
    tag = models.TextField()
    #: ``slot_of`` the task's last activity.
    slot = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["audience", "tag", "-slot", "task"], name="list_entry_newest")]

    def __str__(self) -> str:
        return f"{self.audience}: {self.task_id}"


EVERYONE = "everyone"
#: No tag's text begins so.
LATER_MEMBER = "*"


def of_requester(name: str) -> str:
    """The audience that asked for a task."""
    return f"requester {name}"


def of_template(template_id: int) -> str:
    """The audience of all tasks of a template: its owners."""
    return f"template {template_id}"


def of_member(role: MemberRole, kind: MemberKind, name: str) -> str:
    """The audience that watches a task, or may resolve it: a user or a group."""
    return f"{role} {kind} {name}"


def tag_text(key: str, value: str) -> str:
    """A tag as entries hold it: cut off, but never that of another key."""
    return f"{len(key)}:{key}{value}"[:TAG_LENGTH]


def slot_of(moment: datetime) -> datetime:
    """The second that holds this moment: a quick task begins and ends in one, so its entries are written once.

    All of a slot that a list comes to is sorted: a second holds no more than the service can do in it.
    """
    return moment.replace(microsecond=0)
