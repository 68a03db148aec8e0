"""What ``subtask`` and ``batch`` share: the tags they may set, the templates they may name, how a refusal is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actions._contract import ActionError, ClientError, ConfigProblem, ServerError, Surroundings

#: The tag that ties a child to its parent; only the product itself sets it.
RESERVED_TAG = "_utask_parent_task_id"


#: Characters of the name of a tag.
_LONGEST_NAME = 255


def check_tags(tags: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """The reserved tag is not for authors; a name has its bounds. What values may hold is known when they are there."""
    for name in tags:
        if len(name) > _LONGEST_NAME:
            yield ConfigProblem(("tags", name), f"has more than {_LONGEST_NAME} characters.", "Choose a shorter name.")
    if RESERVED_TAG in tags:
        yield ConfigProblem(("tags", RESERVED_TAG), "is reserved.", "Choose another name.")


def check_template(key: str, name: str, surroundings: Surroundings) -> Iterator[ConfigProblem]:
    """The template must exist when the one that names it is loaded; at run its absence is told by the effect."""
    known = surroundings.template_exists
    if name and known is not None and not known(name):
        yield ConfigProblem(
            (key,), f'there is no template "{name}".', "Is its file in the templates folder?", error=None
        )


def refusal(answer: Mapping[str, Any], *, metadata: Any = None) -> ActionError:
    """The error for an effect that was refused: what template or rights forbid blocks, the rest is retried."""
    blocks = answer["refused"] in ("input", "not allowed")
    return (ClientError if blocks else ServerError)(answer["message"], metadata=metadata)
