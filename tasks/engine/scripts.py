"""A script for the simulation as a document: what the editor's dry run and the API are given.

    {"create": {"output": {"id": "i-1"}},
     "notify": [{"state": "SERVER_ERROR", "error": "down"}, {"state": "DONE"}]}

Source: docs/engine.md, "Simulation".
"""

from collections.abc import Mapping
from typing import Any, Final

from tasks.engine.jobs import Answer, Failure
from tasks.engine.simulation import Scripted
from tasks.states import StepState

#: What an action can make of a step, and how.
_FAILURE_OF: Final[Mapping[str, Failure | None]] = {
    StepState.DONE: None,
    StepState.CLIENT_ERROR: Failure.CLIENT,
    StepState.SERVER_ERROR: Failure.SERVER,
    StepState.WAITING: Failure.NOT_READY,
    StepState.TO_RETRY: Failure.TO_RETRY,
}
_KEYS: Final = frozenset({"state", "error", "output", "metadata", "tags"})


class BadScript(ValueError):
    """A document that is no script; the message says where and why."""


def read_script(document: Any) -> dict[str, Scripted]:
    """The answers by step: one for all its tries, or a list of one for each try, of which the last stays.

    An answer is an object of ``state`` (left out: DONE), ``error``, ``output``, ``metadata``, ``tags``.
    Raises BadScript.
    """
    if not isinstance(document, Mapping):
        raise BadScript("a script is an object: for each step its answers")
    return {str(step): _answers(answers, str(step)) for step, answers in document.items()}


def _answers(answers: Any, step: str) -> Scripted:
    if not isinstance(answers, list | tuple):
        return _answer(answers, step)
    if not answers:
        raise BadScript(f"{step}: a list of answers has at least one")
    return [_answer(answer, f"{step}[{index}]") for index, answer in enumerate(answers)]


def _answer(answer: Any, place: str) -> Answer:
    if not isinstance(answer, Mapping):
        raise BadScript(f"{place}: an answer is an object of {', '.join(sorted(_KEYS))}")
    unknown = sorted(set(answer) - _KEYS)
    if unknown:
        raise BadScript(f"{place}: unknown: {', '.join(map(str, unknown))}; use {', '.join(sorted(_KEYS))}")
    state = answer.get("state", StepState.DONE)
    if state not in _FAILURE_OF:
        raise BadScript(f'{place}: no action makes a step "{state}"; use one of {", ".join(_FAILURE_OF)}')
    tags = answer.get("tags") or {}
    if not isinstance(tags, Mapping) or not all(isinstance(tag, str) for pair in tags.items() for tag in pair):
        raise BadScript(f"{place}: tags are an object of texts")
    return Answer(
        output=answer.get("output"),
        metadata=answer.get("metadata"),
        tags=tags,
        failure=_FAILURE_OF[state],
        error=str(answer.get("error") or ""),
    )
