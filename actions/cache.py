"""A key/value store with time to live, shared by all tasks. Source: docs/actions.md, "cache"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from actions import Action, Context, Result, field
from actions._effects import CacheAnswer, CacheDelete, CacheGet, CachePut

#: A longer time to live than this many seconds (a thousand years) is for ever.
_FOREVER = 1000 * 365 * 86_400

#: What the index of every database takes.
_LONGEST_KEY_BYTES = 2000


def wrong_key(key: str) -> str | None:
    """What keeps a text from being a key."""
    if len(key.encode(errors="replace")) > _LONGEST_KEY_BYTES:
        return f"is longer than {_LONGEST_KEY_BYTES} bytes."
    return "holds a zero byte." if "\0" in key else None


class Cache(Action):
    """Keeps a value under a key, gives it back, or deletes it."""

    name, version = "cache", "0.1"
    pure = True

    class Config:
        action: str = field(choices=("set", "get", "delete"), literal=True, help="What to do.")
        key: str = field(min_length=1, check=wrong_key, help="The key; one name space for all templates.")
        value: Any = field(default=None, help="What to keep (`set`).")
        ttl: int = field(default=0, help="Seconds to keep it (`set`); 0 or less: for ever.")

    def run(self, cfg: Config, ctx: Context) -> Result:
        match cfg.action:
            case "get":
                return Result(effects=(CacheGet(cfg.key),))
            case "set":
                lifetime = timedelta(seconds=cfg.ttl) if 0 < cfg.ttl < _FOREVER else None
                return Result({"key": cfg.key, "cached": True}, effects=(CachePut(cfg.key, cfg.value, lifetime),))
            case _:
                return Result({"key": cfg.key, "deleted": True}, effects=(CacheDelete(cfg.key),))

    def answered(self, cfg: Config, ctx: Context, answer: CacheAnswer) -> Result:
        return Result({"key": cfg.key, "hit": answer["hit"], "value": answer["value"]})
