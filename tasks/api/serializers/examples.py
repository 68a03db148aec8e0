"""Examples of the API's description; each is a value that its shape accepts.

Source: docs/api.md.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

_Class = TypeVar("_Class")

_TASK_ID = "6f1c2d1e-0c5b-4b7e-9d53-1f4f0f6f9d55"
_RESOLUTION_ID = "0d4c9a52-63cf-4c3a-bc2b-6d1c3a6a4b11"
_MOMENT = "2024-05-01T12:00:00.123456Z"


def _comment() -> dict[str, Any]:
    return {
        "id": "b1f3a0de-4a9c-4d1c-8f6e-0a2b3c4d5e6f",
        "username": "ann",
        "created": _MOMENT,
        "updated": _MOMENT,
        "content": "please before Friday",
    }


def _task_in_list() -> dict[str, Any]:
    return {
        "id": _TASK_ID,
        "title": "Say hello in english",
        "requester_username": "ann",
        "created": _MOMENT,
        "state": "DONE",
        "steps_done": 2,
        "steps_total": 2,
        "last_activity": "2024-05-01T12:00:01.654321Z",
        "tags": {"project": "welcome"},
        "template_name": "hello-world-now",
        "input": None,
        "resolution": _RESOLUTION_ID,
        "last_start": "2024-05-01T12:00:00.200000Z",
        "last_stop": "2024-05-01T12:00:01.654321Z",
        "resolver_username": "ann",
    }


def _resolution_in_list() -> dict[str, Any]:
    return {
        "id": _RESOLUTION_ID,
        "resolver_username": "ann",
        "state": "DONE",
        "instance_id": 3,
        "created": _MOMENT,
        "last_start": "2024-05-01T12:00:00.200000Z",
        "last_stop": "2024-05-01T12:00:01.654321Z",
        "run_count": 1,
        "run_max": 100,
        "base_configurations": None,
        "task_id": _TASK_ID,
        "task_title": "Say hello in english",
    }


def _step() -> dict[str, Any]:
    return {
        "name": "sayHello",
        "description": "Say hello",
        "idempotent": False,
        "action": {"type": "echo", "configuration": {"output": {"message": "Hello!"}}, "output": None},
        "output": {"message": "Hello!"},
        "state": "DONE",
        "retry_pattern": "seconds",
        "try_count": 1,
        "last_run": "2024-05-01T12:00:00.300000Z",
        "foreach_strategy": "",
        "resources": None,
        "tags": None,
    }


def _input() -> dict[str, Any]:
    return {
        "name": "language",
        "description": "In which language?",
        "legal_values": ["english", "spanish"],
        "collection": False,
        "type": "string",
        "optional": True,
        "default": "english",
        "hidden": False,
    }


def _template_in_list() -> dict[str, Any]:
    return {
        "name": "hello-world-now",
        "description": "Say hello, and what time it is",
        "allowed_resolver_groups": None,
        "allowed_resolver_usernames": None,
        "allow_all_resolver_usernames": True,
        "auto_runnable": True,
        "blocked": False,
        "hidden": False,
        "allow_task_start_over": False,
        "inputs": [_input()],
        "base_configurations": None,
    }


#: Name of a shape -> what it looks like.
VALUES: dict[str, dict[str, Any]] = {
    "TaskBody": {
        "template_name": "hello-world-now",
        "input": {"language": "english"},
        "comment": "please before Friday",
        "watcher_usernames": ["bob"],
        "tags": {"project": "welcome"},
    },
    "TaskEdit": {
        "input": {"language": "spanish"},
        "watcher_usernames": ["bob", "eve"],
        "tags": {"project": "welcome"},
    },
    "TaskInList": _task_in_list(),
    "TaskAnswer": _task_in_list()
    | {
        "input": {"language": "english"},
        "result": {"echo_message": "Hello!"},
        "comments": [_comment()],
    },
    "BatchBody": {
        "template_name": "hello-world-now",
        "inputs": [{"language": "english"}, {"language": "spanish"}],
        "common_input": {},
        "tags": {"project": "welcome"},
    },
    "BatchAnswer": {"id": "9a0b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"},
    "CommentBody": {"content": "please before Friday"},
    "CommentAnswer": _comment(),
    "ResolutionBody": {"task_id": _TASK_ID, "resolver_inputs": {"approved": True}},
    "ResolutionEdit": {"resolver_inputs": {"approved": False}},
    "ResolutionInList": _resolution_in_list(),
    "ResolutionAnswer": _resolution_in_list() | {"steps": {"sayHello": _step()}, "resolver_inputs": {"approved": True}},
    "StepAnswer": _step(),
    "StepBody": _step() | {"state": "TODO"},
    "StepStateBody": {"state": "DONE"},
    "TemplateInList": _template_in_list(),
    "TemplateAnswer": _template_in_list() | {"title_format": "Say hello in {{.input.language}}"},
    "FunctionAnswer": {
        "name": "greet",
        "action": {
            "type": "echo",
            "configuration": {"output": {"said": "hello {{.function_args.name}}"}},
            "output": None,
        },
    },
    "MetaAnswer": {
        "application_name": "µTask",
        "user_is_admin": False,
        "username": "ann",
        "user_groups": ["operators"],
        "version": "0.1.0",
        "commit": "",
    },
    "StatisticsAnswer": {
        "task_states": {"TODO": 3, "BLOCKED": 0, "RUNNING": 1, "WONTFIX": 0, "DONE": 42, "CANCELLED": 2}
    },
    "JournalEntryAnswer": {
        "number": 4711,
        "at": _MOMENT,
        "kind": "act",
        "event": "pause",
        "before": "WAITING",
        "after": "PAUSED",
        "actor": "ann",
        "detail": {"reason": "the network is down"},
    },
}


def with_example() -> Callable[[type[_Class]], type[_Class]]:
    """A decorator: the shape's value in ``VALUES`` is its example in the API's description."""

    def decorate(shape: type[_Class]) -> type[_Class]:
        example = OpenApiExample("example", VALUES[shape.__name__])
        return extend_schema_serializer(examples=[example])(shape)

    return decorate
