"""Changes the tags of the running task. Source: docs/actions.md, "tag"."""

from __future__ import annotations

from collections.abc import Iterator

from actions import Action, ConfigProblem, Context, Result, Surroundings, field
from actions._children import check_tags


class Tag(Action):
    """Sets tags on the running task; an empty value deletes one."""

    name, version = "tag", "0.1"
    pure = True

    class Config:
        tags: dict[str, str] = field(default={}, help="Name to value.")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        yield from check_tags(cfg.tags)

    def run(self, cfg: Config, ctx: Context) -> Result:
        return Result(tags=cfg.tags)
