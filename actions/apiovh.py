"""A signed call to the OVHcloud API. Source: docs/actions.md, "apiovh"."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta

from actions import Action, ConfigProblem, Context, Result, ServerError, Surroundings, field
from actions._ovh import Credentials
from actions._responses import METADATA_SCHEMA, result_of, too_large
from actions._web import AnswerTooLarge

LIMIT = timedelta(seconds=180)


class ApiOvh(Action):
    """Makes one signed call to the OVHcloud API."""

    name, version = "apiovh", "0.6"
    #: As http's, but closed: a key that never exists is refused when the template is loaded.
    metadata_schema = {**copy.deepcopy(METADATA_SCHEMA), "additionalProperties": False}

    class Config:
        credentials: str = field(min_length=1, help="Name of a configuration item.")
        method: str = field(choices=("GET", "POST", "PUT", "DELETE"), literal=True, help="Method.")
        path: str = field(default="", help="Path, such as `/me`.")
        body: str = field(default="", help="JSON text.")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        if "{{" not in cfg.credentials:
            try:
                _credentials(cfg, surroundings)
            except ValueError as error:
                # At run this is tried again: an operator may mend the item meanwhile.
                yield ConfigProblem(("credentials",), str(error), error=None)

    def resources_in(self, cfg: Config, surroundings: Surroundings) -> list[str]:
        try:
            return ["socket", f"url:{_credentials(cfg, surroundings).host}"]
        except ValueError:
            return ["socket"]

    def run(self, cfg: Config, ctx: Context) -> Result:
        try:
            credentials = _credentials(cfg, ctx.surroundings)
            body = ctx.dumps(ctx.loads(cfg.body)) if cfg.body else ""
        except ValueError as error:
            raise ServerError(str(error)) from error
        url = credentials.url(cfg.path)
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            headers |= credentials.headers(cfg.method, url, body, ctx.http)
            answer = ctx.http.request(cfg.method, url, headers=headers, body=body, timeout=LIMIT, follow_redirects=True)
        except ValueError as error:
            raise ServerError(str(error)) from error
        except AnswerTooLarge as error:
            raise too_large(error) from error
        return result_of(answer)


def _credentials(cfg: ApiOvh.Config, surroundings: Surroundings) -> Credentials:
    """The credentials that the configuration names. Raises ValueError, without a secret."""
    name = cfg.credentials
    try:
        item = surroundings.loads(surroundings.config(name))
    except LookupError as error:
        raise ValueError(str(error)) from error
    except ValueError:
        # Not the decoder's own words: they may quote the text.
        raise ValueError(f'configuration item "{name}": is no JSON.') from None
    try:
        return Credentials.read(item)
    except ValueError as error:
        raise ValueError(f'configuration item "{name}": {error}') from error
