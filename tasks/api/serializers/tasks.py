"""Shapes of tasks, batches and comments. Source: docs/api.md, "Task"."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tasks.api.bodies import Body, Mapped, MappedList, Names, Tags, Text, reason_field
from tasks.api.serializers.answers import Answer, Moment, Value
from tasks.api.serializers.examples import with_example
from tasks.api.serializers.templates import InputAnswer
from tasks.models import MemberKind, MemberRole, Task
from tasks.services import tasks, template_pages, templates
from tasks.services.tasks import resolution_of

#: A span like 1h30m.
DURATION = r"^[-+]?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$"


class Members(serializers.ListField):
    """Names of one role and kind."""

    child = serializers.CharField()

    def __init__(self, role: MemberRole, kind: MemberKind) -> None:
        self.role, self.kind = role, kind
        super().__init__(source="*", read_only=True)

    def to_representation(self, task: Any) -> list[str]:
        names: list[str] = task.names(self.role, self.kind)
        return names


@with_example()
class CommentAnswer(Answer):
    id = serializers.UUIDField(source="public_id")
    username = serializers.CharField()
    created = Moment()
    updated = Moment()
    content = serializers.CharField()


@with_example()
class TaskInList(Answer):
    """A task as lists show it: without what was entered and what came out."""

    OMIT = frozenset(
        {
            "requester_groups",
            "watcher_usernames",
            "watcher_groups",
            "resolver_usernames",
            "resolver_groups",
            "tags",
            "result",
            "result_error",
            "resolution",
            "last_start",
            "last_stop",
            "resolver_username",
            "comments",
            "batch",
            "errors",
            "resolver_inputs",
            "waiting_for",
            "region",
        }
    )

    id = serializers.UUIDField(source="public_id")
    title = serializers.CharField()
    requester_username = serializers.CharField()
    requester_groups = serializers.ListField(child=serializers.CharField(), required=False)
    watcher_usernames = Members(MemberRole.WATCHER, MemberKind.USER)
    watcher_groups = Members(MemberRole.WATCHER, MemberKind.GROUP)
    resolver_usernames = Members(MemberRole.RESOLVER, MemberKind.USER)
    resolver_groups = Members(MemberRole.RESOLVER, MemberKind.GROUP)
    created = Moment()
    state = serializers.CharField()
    steps_done = serializers.IntegerField()
    steps_total = serializers.IntegerField()
    last_activity = Moment()
    tags = serializers.SerializerMethodField()
    template_name = serializers.CharField(source="template.name")
    input = serializers.SerializerMethodField()
    resolution = serializers.SerializerMethodField()
    last_start = serializers.SerializerMethodField()
    last_stop = serializers.SerializerMethodField()
    resolver_username = serializers.SerializerMethodField()
    batch = serializers.SerializerMethodField()
    resolver_inputs = serializers.SerializerMethodField()

    def get_tags(self, task: Task) -> dict[str, str]:
        return dict(sorted(task.tag_map().items()))

    def get_input(self, task: Task) -> dict[str, Any] | None:
        return None

    def get_resolution(self, task: Task) -> str | None:
        resolution = resolution_of(task)
        return str(resolution.public_id) if resolution else None

    def get_last_start(self, task: Task) -> str | None:
        resolution = resolution_of(task)
        return Moment().to_representation(resolution.last_start) if resolution and resolution.last_start else None

    def get_last_stop(self, task: Task) -> str | None:
        resolution = resolution_of(task)
        return Moment().to_representation(resolution.last_stop) if resolution and resolution.last_stop else None

    def get_resolver_username(self, task: Task) -> str | None:
        resolution = resolution_of(task)
        return resolution.resolver_username if resolution else None

    def get_batch(self, task: Task) -> str | None:
        return str(task.batch.public_id) if task.batch is not None else None

    @extend_schema_field(InputAnswer(many=True))
    def get_resolver_inputs(self, task: Task) -> list[dict[str, Any]]:
        return template_pages.input_documents(templates.definition_of(task.version_id).resolver_inputs)


class ErrorOfStep(Answer):
    step = serializers.CharField(help_text="The step's description, or its name where it has none.")
    error = serializers.CharField()
    name = serializers.CharField()


@with_example()
class TaskAnswer(TaskInList):
    """A task whole; passwords among its inputs are masked for everybody."""

    result = serializers.SerializerMethodField()
    result_error = serializers.CharField(required=False)
    comments = CommentAnswer(many=True, required=False)
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # never given data to validate
    waiting_for = serializers.SerializerMethodField()
    region = serializers.CharField(required=False)

    def get_input(self, task: Task) -> dict[str, Any] | None:
        return tasks.shown_input(task)

    @extend_schema_field(serializers.DictField(child=Value(), required=False))
    def get_result(self, task: Task) -> Any:
        return tasks.shown_result(task)

    @extend_schema_field(ErrorOfStep(many=True))
    def get_errors(self, task: Task) -> list[dict[str, str]]:
        return [
            {"step": failed.description or failed.name, "error": failed.error, "name": failed.name}
            for failed in tasks.failed_steps(task)
        ]

    def get_waiting_for(self, task: Task) -> str:
        return tasks.waiting_for(task)


@extend_schema_field({"type": "string", "pattern": DURATION})
class Duration(Text):
    """A span of time in Go's notation."""


@extend_schema_field({"anyOf": [{"type": "string", "minLength": 3}, {"type": "number"}, {"type": "boolean"}]})
class Said(Text):
    """What somebody says."""


@with_example()
class TaskBody(Body):
    """What ``POST /task`` takes."""

    template_name = Text(help_text="Name of the template, as `GET /template` gives it.")
    input = Mapped(required=False, help_text="Values by the name of the input; what is not declared is dropped.")
    comment = Text(required=False, help_text="A first comment, 3 to 100,000 bytes; empty: none.")
    watcher_usernames = Names(required=False)
    watcher_groups = Names(required=False)
    resolver_usernames = Names(required=False, help_text="Only for administrators and owners of the template.")
    resolver_groups = Names(required=False, help_text="Only for administrators and owners of the template.")
    delay = Duration(required=False, help_text="A duration like `1h30m`: the automatic run starts so much later.")
    tags = Tags(required=False)


@with_example()
class TaskEdit(Body):
    """What ``PUT /task/ID`` takes; each of the four replaces what the task has."""

    input = Mapped()
    watcher_usernames = Names(required=False)
    watcher_groups = Names(required=False)
    tags = Tags(required=False)
    reason = reason_field()


@with_example()
class BatchBody(Body):
    template_name = Text()
    inputs = MappedList(help_text="One task is made for each element.")
    common_input = Mapped(required=False, help_text="Merged into each element; a key must not stand in both.")
    comment = Text(required=False)
    watcher_usernames = Names(required=False)
    watcher_groups = Names(required=False)
    tags = Tags(required=False)


@with_example()
class BatchAnswer(Answer):
    id = serializers.UUIDField(source="public_id")


@with_example()
class CommentBody(Body):
    content = Said(help_text="3 to 100,000 bytes.")
