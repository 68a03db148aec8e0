"""Shapes of resolutions and steps. Source: docs/api.md, "Resolution"."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tasks.api.bodies import Body, Flag, Identifier, Mapped, NonEmpty, reason_field
from tasks.api.serializers.answers import Answer, Moment, Object, Value, in_order
from tasks.api.serializers.examples import with_example
from tasks.models import Resolution
from tasks.services import resolutions, steps, templates
from tasks.states import ResolutionState


@with_example()
class StepAnswer(Answer):
    """A step: its definition and what happened to it. Anything of the latter may be absent."""

    name = serializers.CharField()
    description = serializers.CharField()
    idempotent = serializers.BooleanField()
    action = Object()
    pre_hook = Object(required=False)
    json_schema = Value(required=False)
    output = Value(required=False)
    metadata = Value(required=False)
    children = serializers.ListField(child=Value(), required=False)
    error = serializers.CharField(required=False)
    state = serializers.CharField(required=False)
    retry_pattern = serializers.CharField(required=False)
    try_count = serializers.IntegerField(required=False)
    max_retries = serializers.IntegerField(required=False)
    last_run = Moment()
    execution_delay = serializers.IntegerField(required=False)
    dependencies = serializers.ListField(child=serializers.CharField(), required=False)
    custom_states = serializers.ListField(child=serializers.CharField(), required=False)
    conditions = serializers.ListField(child=Object(), required=False)
    foreach = serializers.CharField(required=False)
    foreach_strategy = serializers.CharField()
    children_steps = serializers.ListField(child=serializers.CharField(), required=False)
    children_steps_map = Object(required=False)
    item = Value(required=False)
    timeout = serializers.CharField(required=False)
    resources = serializers.ListField(child=serializers.CharField(), allow_null=True)
    tags = Object(allow_null=True)
    waiting_for = serializers.CharField(required=False)


@with_example()
class ResolutionInList(Answer):
    """A resolution as lists show it: without its steps and what the resolver gave."""

    OMIT = frozenset(
        {"instance_id", "last_start", "last_stop", "next_retry", "steps", "resolver_inputs", "waiting_for"}
    )

    id = serializers.UUIDField(source="public_id")
    resolver_username = serializers.CharField()
    state = serializers.ChoiceField(choices=[str(state) for state in ResolutionState])
    instance_id = serializers.IntegerField(source="last_runner", required=False)
    created = Moment()
    last_start = Moment(required=False)
    last_stop = Moment(required=False)
    next_retry = Moment(required=False)
    run_count = serializers.IntegerField()
    run_max = serializers.IntegerField()
    base_configurations = serializers.SerializerMethodField()
    task_id = serializers.UUIDField(source="task.public_id")
    task_title = serializers.CharField(source="task.title")
    waiting_for = serializers.CharField(required=False, help_text="Why it does not move, and what will move it.")

    @extend_schema_field(serializers.DictField(child=Value(), allow_null=True))
    def get_base_configurations(self, resolution: Resolution) -> dict[str, Any] | None:
        definition = templates.definition_of(resolution.task.version_id)
        return dict(sorted(definition.base_configurations.items())) or None


@with_example()
class ResolutionAnswer(ResolutionInList):
    """A resolution with its steps. ``context["details"]``: whether outputs and the resolver's inputs are shown."""

    steps = serializers.SerializerMethodField()
    resolver_inputs = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=StepAnswer(), required=False))
    def get_steps(self, resolution: Resolution) -> dict[str, Any]:
        found = steps.step_documents(resolution, details=self.context["details"])
        return {name: in_order(step, StepAnswer) for name, step in found.items()}

    @extend_schema_field(serializers.DictField(child=Value(), required=False))
    def get_resolver_inputs(self, resolution: Resolution) -> dict[str, Any]:
        return resolutions.resolver_inputs(resolution) if self.context["details"] else {}


def resolution_document(resolution: Resolution, *, details: bool) -> dict[str, Any]:
    """What the API shows; without ``details`` outputs and resolver inputs are left out."""
    return dict(ResolutionAnswer(resolution, context={"details": details}).data)


@with_example()
class ResolutionBody(Body):
    task_id = Identifier()
    resolver_inputs = Mapped(required=False)
    start_over = Flag(required=False, help_text="Delete the present resolution first, where that is allowed.")


@with_example()
class ResolutionEdit(Body):
    steps = Mapped(required=False, help_text="All steps by name, as `GET` gives them.")
    resolver_inputs = Mapped(required=False)
    reason = reason_field()


@with_example()
class StepBody(Body):
    """A whole step, as `GET` gives it."""

    action = Mapped()
    state = NonEmpty()


@with_example()
class StepStateBody(Body):
    state = NonEmpty(help_text="A builtin state, or a custom one of the step.")
    reason = reason_field()


_STEP_NAMES = {str(name).lower(): str(name) for name in StepAnswer().fields}


def step_as_sent(body: dict[str, Any]) -> dict[str, Any]:
    """A step's document with its names as they are spelled here, whatever the case they were sent in."""
    return {name if name in _STEP_NAMES else _STEP_NAMES.get(name.lower(), name): body[name] for name in body}
