"""Sends a message through the configured notification backends. Source: docs/actions.md, "notify"."""

from __future__ import annotations

from collections.abc import Iterator

from actions import Action, ConfigProblem, Context, Result, Surroundings, field
from actions._effects import Notify as Message


class Notify(Action):
    """Sends a message through notification backends; never fails, delivery is tried again by itself."""

    name, version = "notify", "0.1"
    pure = True

    class Config:
        message: str = field(default="", help="Main text.")
        fields: dict[str, str] = field(default={}, help="Further texts, by name.")
        backends: list[str] = field(default=[], literal=True, help="Names of backends; none: all.")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        known = surroundings.notify_backends
        for index, name in enumerate(cfg.backends):
            if known is not None and name not in known:
                mend = f"There are: {', '.join(sorted(known))}." if known else "None is configured (notify_config)."
                yield ConfigProblem(("backends", index), f'there is no backend "{name}".', mend, error=None)

    def run(self, cfg: Config, ctx: Context) -> Result:
        return Result(effects=(Message(cfg.message, cfg.fields, cfg.backends),))
