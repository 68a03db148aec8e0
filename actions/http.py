"""One HTTP request. Source: docs/actions.md, "http"."""

from __future__ import annotations

import json
import xml.parsers.expat
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from actions import Action, ConfigProblem, Context, Result, ServerError, Surroundings, field
from actions._responses import METADATA_SCHEMA, result_of, too_large
from actions._web import AnswerTooLarge, Basic, Digest, Tls

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


class Pair:
    name: str = field(min_length=1, help="Name.")
    value: str = field(default="", help="Value.")


class Login:
    user: str = field(min_length=1, help="User name.")
    password: str = field(min_length=1, secret=True, help="Password.")


class ClientCertificate:
    client_cert: str = field(min_length=1, help="Certificate, PEM.")
    client_key: str = field(min_length=1, secret=True, help="Private key, PEM.")


class Auth:
    basic: Login | None = field(default=None, help="User and password, sent with the request.")
    digest: Login | None = field(default=None, help="User and password, answering the server's challenge.")
    bearer: str | None = field(default=None, min_length=1, secret=True, help="Token of an Authorization header.")
    mutual_tls: ClientCertificate | None = field(default=None, help="Certificate and key of our own.")


class Http(Action):
    """Makes one HTTP request; the answer's status decides."""

    name, version = "http", "1.0"
    metadata_schema = METADATA_SCHEMA
    former_keys = {
        "timeout_seconds": 'Write timeout: "30s".',
        "parameters": "Write query_parameters, a list of name and value.",
        "deny_redirects": 'Redirects are not followed unless follow_redirect is "true".',
        "basic_auth": "Write auth: {basic: {user: …, password: …}}.",
    }

    class Config:
        url: str = field(default="", help="Address; not together with `host` or `path`.")
        host: str = field(default="", help="Scheme and host; the rest comes from `path`.")
        path: str = field(default="", help="Path, may have a query; goes with `host`.")
        method: str = field(choices=METHODS, help="Method.")
        body: str = field(default="", help="Body, a text.")
        headers: list[Pair] = field(default=[], help="Headers; a later one of the same name replaces.")
        query_parameters: list[Pair] = field(default=[], help="Added to the query; a name may come more than once.")
        timeout: timedelta = field(
            default="30s",
            at_load="warning",
            at_run=ServerError,
            help="Limit for the whole exchange; `0s`: none but the step's own.",
        )
        follow_redirect: bool = field(
            default=False, kind="bool_text", at_load="warning", at_run=ServerError, help="Follow up to 10 redirects."
        )
        insecure_skip_verify: bool = field(
            default=False, kind="bool_text", at_load="warning", at_run=ServerError, help="Do not check certificates."
        )
        root_ca: str = field(default="", help="PEM text of authorities, in addition to the system's.")
        trim_prefix: str = field(default="", help="Removed once from the start of the answer's body.")
        auth: Auth | None = field(default=None, help="One of basic, digest, bearer; mutual_tls with any.")
        response: str = field(
            default="auto",
            choices=("auto", "text", "base64"),
            literal=True,
            help="Output: `auto` reads JSON, `text` does not, `base64` keeps binary bodies.",
        )
        max_response_bytes: int = field(default=0, ge=0, help="Longest answer; 0: the installation's limit.")

    def check(self, cfg: Config, surroundings: Surroundings) -> Iterator[ConfigProblem]:
        if cfg.url and (cfg.host or cfg.path):
            yield ConfigProblem(("url",), "cannot stand beside host or path.", "Write url, or host and path.")
        if not cfg.url and not cfg.host:
            yield ConfigProblem((), "needs url or host.")
        chosen = [name for name in ("basic", "digest", "bearer") if cfg.auth and getattr(cfg.auth, name) is not None]
        if len(chosen) > 1:
            # A base configuration may bring a second one: then bearer wins, see _credentials.
            yield ConfigProblem(("auth",), f"has {' and '.join(chosen)}.", "Keep one of them.", error=None)

    def resources(self, cfg: Config) -> list[str]:
        try:
            host = urlsplit(cfg.host or cfg.url).netloc.rpartition("@")[2]
        except ValueError:
            host = ""
        return ["socket", f"url:{host}"] if host else ["socket"]

    def run(self, cfg: Config, ctx: Context) -> Result:
        try:
            answer = ctx.http.request(
                cfg.method,
                address(cfg),
                headers=self._headers(cfg),
                body=cfg.body,
                auth=self._credentials(cfg),
                tls=self._tls(cfg),
                timeout=cfg.timeout if cfg.timeout > timedelta(0) else None,
                follow_redirects=cfg.follow_redirect,
                max_response_bytes=cfg.max_response_bytes or None,
            )
        except AnswerTooLarge as error:
            raise too_large(error) from error
        return result_of(answer, trim_prefix=cfg.trim_prefix, response=cfg.response)

    @staticmethod
    def _headers(cfg: Config) -> dict[str, str]:
        headers: dict[str, str] = {}
        for pair in cfg.headers:
            same = next((name for name in headers if name.lower() == pair.name.lower()), pair.name)
            headers[same] = pair.value
        given = {name.lower() for name in headers}
        if cfg.auth and cfg.auth.bearer and "authorization" not in given:
            headers["Authorization"] = f"Bearer {cfg.auth.bearer}"
        if "content-type" not in given and (guess := content_type(cfg.body)):
            headers["Content-Type"] = guess
        return headers

    @staticmethod
    def _credentials(cfg: Config) -> Basic | Digest | None:
        if cfg.auth is None or cfg.auth.bearer:
            return None
        if cfg.auth.basic:
            return Basic(cfg.auth.basic.user, cfg.auth.basic.password)
        return Digest(cfg.auth.digest.user, cfg.auth.digest.password) if cfg.auth.digest else None

    @staticmethod
    def _tls(cfg: Config) -> Tls:
        own = cfg.auth.mutual_tls if cfg.auth else None
        return Tls(
            root_ca=cfg.root_ca,
            client_cert=own.client_cert if own else "",
            client_key=own.client_key if own else "",
            verify=not cfg.insecure_skip_verify,
        )


def address(cfg: Http.Config) -> str:
    """The URL that is asked for: its query sorted by name, equal names in their order. Raises ServerError."""
    try:
        parts = urlsplit(cfg.host or cfg.url)
        if cfg.host:
            # Of the host only scheme and authority count.
            path = urlsplit(cfg.path if cfg.path.startswith("/") else f"/{cfg.path}")
            parts = parts._replace(
                netloc=parts.netloc.rpartition("@")[2], path=path.path, query=path.query, fragment=path.fragment
            )
    except ValueError as error:
        raise ServerError("the URL is malformed.") from error
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    pairs += [(pair.name, pair.value) for pair in cfg.query_parameters]
    pairs.sort(key=lambda pair: pair[0])
    return urlunsplit(parts._replace(query=urlencode(pairs, errors="surrogateescape")))


def content_type(body: str) -> str:
    """What a body looks like by its beginning: JSON, XML, or (empty text) nothing known."""
    if _begins_with_json(body):
        return "application/json"
    return "application/xml" if _begins_with_xml(body) else ""


def _begins_with_json(body: str) -> bool:
    try:
        json.JSONDecoder(parse_constant=_no_constant).raw_decode(body.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _begins_with_xml(body: str) -> bool:
    """Is there one whole element at the start? What follows it does not matter."""
    open_elements: list[str] = []
    closed: list[str] = []

    def end(name: str) -> None:
        open_elements.pop()
        if not open_elements:
            closed.append(name)

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: open_elements.append(name)
    parser.EndElementHandler = end
    try:
        parser.Parse(body.strip(), True)
    except xml.parsers.expat.ExpatError:
        return bool(closed)
    return bool(closed)
