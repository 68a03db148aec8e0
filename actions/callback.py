"""Gives out a URL, and waits until somebody calls it. Source: docs/actions.md, "callback"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from actions import Action, ClientError, ConfigProblem, Context, NotReady, Result, ServerError, Surroundings, field
from actions._children import refusal
from actions._effects import AwaitAnswer, AwaitCallback, CallbackAnswer, CreateCallback, Refused

CONFIGURATION_ITEM = "callback-config"
DEFAULT_PREFIX = "/unsecured/callback"


def _wrong_action(text: str) -> str | None:
    return None if text.lower() in ("create", "wait") else f'"{text}" is not allowed. Allowed: create, wait.'


class Callback(Action):
    """Creates a URL for others to call (`create`), or waits for the call (`wait`)."""

    name, version = "callback", "0.1"
    pure = True

    class Config:
        action: str = field(check=_wrong_action, literal=True, help="`create` or `wait`, in any letter case.")
        schema: Any = field(default=None, help="JSON schema of the body, as a text or an object (`create`).")
        id: str = field(default="", help="Id of the callback (`wait`).")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        if cfg.action.lower() == "wait" and not cfg.id:
            yield ConfigProblem(("id",), "is required to wait.", "Take it from the output of the step that creates it.")
        if cfg.action.lower() == "create":
            try:
                callback_address(surroundings)
            except ValueError as error:
                yield ConfigProblem((), str(error), level="warning", error=None)

    def run(self, cfg: Config, ctx: Context) -> Result:
        if cfg.action.lower() == "wait":
            return Result(effects=(AwaitCallback(cfg.id),))
        try:
            callback_address(ctx.surroundings)
        except ValueError as error:
            raise ServerError(str(error)) from error
        return Result(effects=(CreateCallback(self._schema(cfg, ctx)),))

    def answered(self, cfg: Config, ctx: Context, answer: CallbackAnswer | AwaitAnswer | Refused) -> Result:
        if "refused" in answer:
            raise refusal(answer)
        if "token" in answer:
            url = callback_address(ctx.surroundings).url(answer["id"], answer["token"])
            output = {"id": answer["id"], "url": url, "token": answer["token"]}
            schema = self._schema(cfg, ctx)
            return Result(output if schema is None else {**output, "schema": schema})
        if not answer["called"]:
            raise NotReady(f"callback {answer['id']} was not called yet")
        return Result({"id": answer["id"], "date": answer["date"], "body": answer["body"]})

    @staticmethod
    def _schema(cfg: Config, ctx: Context) -> Any:
        """The schema in its normal form, None for none. Raises ClientError for what is no JSON schema."""
        if cfg.schema in (None, ""):
            return None
        try:
            schema = ctx.loads(cfg.schema) if isinstance(cfg.schema, str) else cfg.schema
            return ctx.surroundings.read_schema(schema)
        except ValueError as error:
            raise ClientError(f"schema: is no JSON schema: {error}") from error


@dataclass(frozen=True)
class CallbackAddress:
    """Where callbacks can be called from outside."""

    base_url: str
    path_prefix: str

    def url(self, id: str, token: str) -> str:
        """The URL to hand out for one callback."""
        return f"{self.base_url}{self.path_prefix}/{quote(id, safe='')}?{urlencode({'t': token})}"


def callback_address(surroundings: Surroundings) -> CallbackAddress:
    """The address of this installation's callbacks, as configured.

    The item ``callback-config`` counts, else the main configuration's ``base_url``. Raises ValueError that names what
    is missing. The path prefix changes only what is handed out: a proxy maps it to the route.
    """
    base_url, prefix = surroundings.base_url, ""
    try:
        item = surroundings.config(CONFIGURATION_ITEM)
    except LookupError:
        if not base_url:
            raise ValueError(
                f'callbacks need an address: set "base_url", or the configuration item "{CONFIGURATION_ITEM}".'
            ) from None
    else:
        base_url, prefix = _read_item(surroundings.loads(item))
    # "/" alone is a prefix too: an empty one.
    handed_out = f"/{prefix.strip('/')}".rstrip("/") if prefix else DEFAULT_PREFIX
    return CallbackAddress(base_url.removesuffix("/"), handed_out)


def _read_item(item: Any) -> tuple[str, str]:
    if not isinstance(item, dict) or not isinstance(item.get("base_url"), str) or not item["base_url"]:
        raise ValueError(f'"base_url" is missing in the configuration item "{CONFIGURATION_ITEM}".')
    prefix = item.get("path_prefix") or ""
    if not isinstance(prefix, str):
        raise ValueError(f'"path_prefix" must be a text in the configuration item "{CONFIGURATION_ITEM}".')
    return item["base_url"], prefix
