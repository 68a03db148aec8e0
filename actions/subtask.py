"""Creates a task from another template and follows it. Source: docs/actions.md, "subtask"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from actions import (
    Action,
    ActionError,
    ClientError,
    ConfigProblem,
    Context,
    NotReady,
    Result,
    ServerError,
    Surroundings,
    ToRetry,
    field,
)
from actions._children import check_tags, check_template, refusal
from actions._effects import FollowTask, Refused, TaskAnswer

#: What a child's state means for the step that follows it; DONE is success.
ERROR_OF_STATE: dict[str, type[ActionError]] = {
    "CANCELLED": ClientError,
    "WONTFIX": ClientError,
    "BLOCKED": ClientError,
    "TODO": NotReady,
    "WAITING": NotReady,
    "DELAYED": NotReady,
    "RUNNING": ToRetry,
}


def _names(help: str) -> Any:
    return field(default=[], at_load="warning", at_run=ServerError, help=help)


class Subtask(Action):
    """Creates a task from another template, and is done when that task is done."""

    name, version = "subtask", "0.1"
    pure = True

    class Config:
        template: str = field(min_length=1, literal=True, help="Name of the template.")
        input: dict[str, Any] = field(default={}, help="Input of the new task.")
        json_input: dict[str, Any] = field(
            default={},
            at_load="warning",
            at_run=ServerError,
            help="More input, a text with a JSON object; goes over `input`.",
        )
        resolver_usernames: list[str] = _names("Who may resolve the new task, a text with a JSON list.")
        resolver_groups: list[str] = _names("Groups that may resolve it.")
        watcher_usernames: list[str] = _names("Who may see it.")
        watcher_groups: list[str] = _names("Groups that may see it.")
        delay: timedelta | None = field(
            default=None, at_load="warning", at_run=ServerError, ge=timedelta(0), help="Start it only after this time."
        )
        tags: dict[str, str] = field(default={}, help="Tags of the new task, over those of its template.")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        yield from check_template("template", cfg.template, surroundings)
        yield from check_tags(cfg.tags)

    def run(self, cfg: Config, ctx: Context) -> Result:
        follow = FollowTask(
            template=cfg.template,
            input={**cfg.input, **cfg.json_input},
            resolver_usernames=cfg.resolver_usernames,
            resolver_groups=cfg.resolver_groups,
            watcher_usernames=cfg.watcher_usernames,
            watcher_groups=cfg.watcher_groups,
            delay=cfg.delay,
            tags=cfg.tags,
        )
        return Result(effects=(follow,))

    def answered(self, cfg: Config, ctx: Context, answer: TaskAnswer | Refused) -> Result:
        if "refused" in answer:
            raise refusal(answer)
        keys = ("id", "state", "result", "resolver_username", "requester_username")
        output = {key: answer[key] for key in keys}  # type: ignore[literal-required]  # keys of TaskAnswer
        if answer["state"] == "DONE":
            return Result(output)
        kind = ERROR_OF_STATE.get(answer["state"], ServerError)
        raise kind(f"task {answer['id']} is {answer['state']}", output=output)
