"""Shapes of templates, functions and their inputs. Source: docs/api.md, "Template"."""

from rest_framework import serializers

from tasks.api.serializers.answers import Answer, Object, Value
from tasks.api.serializers.examples import with_example


class InputAnswer(Answer):
    OMIT = frozenset({"regex", "legal_values", "type"})

    name = serializers.CharField()
    description = serializers.CharField()
    regex = serializers.CharField(required=False, default=None)
    legal_values = serializers.ListField(child=Value(), required=False, default=None)
    collection = serializers.BooleanField()
    type = serializers.ChoiceField(choices=["string", "password", "bool", "number"], required=False, default=None)
    optional = serializers.BooleanField()
    default = Value(allow_null=True)
    hidden = serializers.BooleanField()


@with_example()
class TemplateInList(Answer):
    """A template as lists show it: who may use it and what it asks, not what it does."""

    OMIT = frozenset({"long_description", "doc_link", "retry_max", "inputs", "resolver_inputs", "tags", "variables"})

    name = serializers.CharField()
    description = serializers.CharField()
    long_description = serializers.CharField(required=False)
    doc_link = serializers.CharField(required=False)
    allowed_resolver_groups = serializers.ListField(child=serializers.CharField(), allow_null=True)
    allowed_resolver_usernames = serializers.ListField(child=serializers.CharField(), allow_null=True)
    allow_all_resolver_usernames = serializers.BooleanField()
    auto_runnable = serializers.BooleanField()
    blocked = serializers.BooleanField()
    hidden = serializers.BooleanField()
    retry_max = serializers.IntegerField(required=False)
    allow_task_start_over = serializers.BooleanField()
    inputs = serializers.ListField(child=InputAnswer(), required=False)
    resolver_inputs = serializers.ListField(child=InputAnswer(), required=False)
    tags = serializers.DictField(child=serializers.CharField(), required=False)
    base_configurations = Object(allow_null=True)


@with_example()
class TemplateAnswer(TemplateInList):
    """A template whole."""

    title_format = serializers.CharField(required=False)
    result_format = Object(required=False)
    variables = serializers.ListField(child=Object(), required=False)
    steps = serializers.DictField(child=Object(), required=False)


@with_example()
class FunctionAnswer(Answer):
    name = serializers.CharField()
    action = Object()
    pre_hook = Object(required=False)
    conditions = serializers.ListField(child=Object(), required=False)
    custom_states = serializers.ListField(child=serializers.CharField(), required=False)
