"""Creates a task for each element of a list and waits for all. Source: docs/actions.md, "batch"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actions import Action, ClientError, ConfigProblem, Context, NotReady, Result, Surroundings, field
from actions._children import check_tags, check_template, refusal
from actions._effects import BatchAnswer, FollowBatch, GiveBackRuns, Refused

#: The states in which a child does not occupy a place any more.
FINAL = ("DONE", "CANCELLED", "WONTFIX")


class Batch(Action):
    """Creates a task for each element of a list, some at a time, and is done when all are final."""

    name, version = "batch", "0.1"
    pure = True
    metadata_schema = {
        "type": "object",
        "properties": {
            "batch_id": {"type": "string", "description": "Id of the batch; empty for an empty list."},
            "remaining_tasks": {
                "type": "integer",
                "description": "Tasks that are not final, or not even created, yet.",
            },
            "tasks_started": {"type": "integer", "description": "Tasks that were created."},
            "states": {
                "type": "object",
                "description": "How many of them are in each state.",
                "additionalProperties": True,
            },
        },
        "additionalProperties": True,
    }

    class Config:
        template_name: str = field(min_length=1, literal=True, help="Name of the template.")
        inputs: list[dict[str, Any]] = field(default=[], help="Input of each task.")
        json_inputs: list[dict[str, Any]] = field(
            default=[], at_load="warning", help="The same as a text with a JSON list; goes over `inputs`, by position."
        )
        common_inputs: dict[str, Any] = field(default={}, help="Input that all tasks get.")
        common_json_inputs: dict[str, Any] = field(
            default={}, at_load="warning", help="The same as a text with a JSON object; goes over `common_inputs`."
        )
        sub_batch_size: int = field(
            default=0,
            kind="number_text",
            at_load="warning",
            help="How many tasks may be unfinished at a time; `0`: all.",
        )
        comment: str = field(default="", help="Comment on each task.")
        resolver_usernames: list[str] = field(default=[], help="Who may resolve the tasks.")
        resolver_groups: list[str] = field(default=[], help="Groups that may resolve them.")
        watcher_usernames: list[str] = field(default=[], help="Who may see the tasks.")
        watcher_groups: list[str] = field(default=[], help="Groups that may see them.")
        tags: dict[str, str] = field(default={}, help="Tags of the tasks, over those of their template.")
        succeeds_when: str = field(
            default="all_ended",
            choices=("all_ended", "all_done", "any_done"),
            literal=True,
            help="`all_done`, `any_done`: fail when every (or no) task is DONE in the end.",
        )

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        yield from check_template("template_name", cfg.template_name, surroundings)
        yield from check_tags(cfg.tags)

    def run(self, cfg: Config, ctx: Context) -> Result:
        inputs, common = all_inputs(cfg)
        if not inputs:
            return Result(metadata={"batch_id": "", "remaining_tasks": 0, "tasks_started": 0, "states": {}})
        for index, own in enumerate(inputs):
            if both := own.keys() & common.keys():
                what = f"input {index} and the common inputs both have {', '.join(sorted(both))}."
                raise ClientError(what, metadata=ctx.metadata)
        follow = FollowBatch(
            template=cfg.template_name,
            inputs=inputs,
            common=common,
            at_once=cfg.sub_batch_size,
            resolver_usernames=cfg.resolver_usernames,
            resolver_groups=cfg.resolver_groups,
            watcher_usernames=cfg.watcher_usernames,
            watcher_groups=cfg.watcher_groups,
            tags=cfg.tags,
            comment=cfg.comment,
        )
        return Result(effects=(follow,))

    def answered(self, cfg: Config, ctx: Context, answer: BatchAnswer | Refused) -> Result:
        if "refused" in answer:
            where = f"input {answer['index']}: " if "index" in answer else ""
            raise refusal({**answer, "message": where + answer["message"]}, metadata=ctx.metadata)
        states = answer["states"]
        not_created = max(0, len(all_inputs(cfg)[0]) - answer["started"])
        unfinished = sum(count for state, count in states.items() if state not in FINAL)
        metadata = {
            "batch_id": answer["batch_id"],
            "remaining_tasks": not_created + unfinished,
            "tasks_started": answer["started"],
            "states": states,
        }
        if not_created or unfinished:
            raise NotReady(f"{not_created + unfinished} tasks of the batch are not finished", metadata=metadata)
        done = states.get("DONE", 0)
        wanted = {"all_ended": 0, "all_done": answer["started"], "any_done": 1}[cfg.succeeds_when]
        if done < wanted:
            raise ClientError(f"{done} of {answer['started']} tasks of the batch are DONE", metadata=metadata)
        return Result(metadata=metadata, effects=(GiveBackRuns(),))


def all_inputs(cfg: Batch.Config) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Own inputs by position, and common ones: the JSON variants laid over the plain ones."""
    inputs = cfg.inputs
    if cfg.json_inputs:
        below = [*inputs, *({} for _ in range(len(inputs), len(cfg.json_inputs)))]
        inputs = [{**plain, **json} for plain, json in zip(below, cfg.json_inputs, strict=False)]
    return inputs, {**cfg.common_inputs, **cfg.common_json_inputs}
