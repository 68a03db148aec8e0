"""HTTP for actions: pooled connections, one time limit for a whole exchange, bounded answers, no cookies, no surprises.

An action uses ``ctx.http``, a ``Client``. Pools are shared by all threads of a process, made when first needed, and
dropped in a forked child. Source: docs/actions.md, "HTTP for your own actions".
"""

from __future__ import annotations

import base64
import http.client
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode, urljoin, urlsplit

import requests.utils
import urllib3
from requests.auth import HTTPDigestAuth
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError

from actions._cancellation import Cancellation
from actions._errors import ClientError, ServerError, Stopped
from actions._pools import DEFAULT_TLS, POOLS, Tls, proxy_for
from actions._sockets import DENIED_NETWORKS, Exchange

__all__ = ["DENIED_NETWORKS", "Answer", "AnswerTooLarge", "Basic", "Client", "Digest", "Tls"]

MOST_REDIRECTS = 10
USER_AGENT = "utask-django"
#: Beginnings of headers that prove who we are: none goes along to another host.
_CREDENTIALS = ("authorization", "cookie", "x-ovh-")
#: May be sent once more when a kept connection turns out to be closed by the other side.
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True)
class Basic:
    """User and password, sent with the request."""

    user: str
    password: str = field(repr=False)

    def header(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Digest:
    """User and password, answering the server's challenge."""

    user: str
    password: str = field(repr=False)


class _DigestAnswer(HTTPDigestAuth):
    """The library's arithmetic, without its way of reading and sending."""

    def header(self, challenge: str, method: str, url: str) -> str | None:
        """The Authorization header for a challenge; None for an algorithm that is not known."""
        self.init_per_thread_state()
        parsed = requests.utils.parse_dict_header(challenge[len("digest ") :])  # type: ignore[no-untyped-call]  # stubs
        self._thread_local.chal = parsed  # type: ignore[attr-defined]  # where the library itself keeps the challenge
        return cast("str | None", self.build_digest_header(method, url))  # type: ignore[no-untyped-call]  # stubs


@dataclass(frozen=True)
class Answer:
    """A server's answer, whole. ``body`` is decoded (gzip) and at most as long as the client allows."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    loads: Callable[[str], Any] = field(repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, in any letter case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def text(self) -> str:
        """The body as text, by the charset it declares, else UTF-8; what is none becomes U+FFFD."""
        declared = requests.utils.get_encoding_from_headers({"content-type": self.header("Content-Type") or ""})
        named = "charset" in (self.header("Content-Type") or "").lower()
        try:
            return self.body.decode(declared if named and declared else "utf-8", errors="replace")
        except LookupError:
            return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The first JSON value of the body, numbers keeping their text. Raises ValueError."""
        return self.loads(self.text())


class AnswerTooLarge(ClientError):
    """The answer's body is longer than allowed. ``status`` and ``headers`` were read."""

    def __init__(self, message: str, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def reason(error: BaseException) -> str:
    """What went wrong, in words that hold nothing of the request: a library's own text has the URL in it."""
    seen: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        found = waiting.pop(0)
        if found in seen:
            continue
        seen.append(found)
        linked = [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
        waiting += [link for link in linked if isinstance(link, BaseException)]
    for kind, said in _REASONS:
        for found in seen:
            if isinstance(found, kind):
                return said(found)
    return type(error).__name__


#: What to say of an error, the most telling first.
_REASONS: tuple[tuple[type[BaseException], Callable[[Any], str]], ...] = (
    (ssl.SSLCertVerificationError, lambda error: f"certificate refused: {error.verify_message or error.reason}"),
    (socket.gaierror, lambda error: "its name cannot be resolved"),
    (TimeoutError, lambda error: "timed out"),
    (urllib3.exceptions.TimeoutError, lambda error: "timed out"),
    (ssl.SSLError, lambda error: f"TLS failed: {error.reason or 'no common protocol'}"),
    (http.client.RemoteDisconnected, lambda error: "connection closed without an answer"),
    (ConnectionRefusedError, lambda error: "connection refused"),
    (http.client.IncompleteRead, lambda error: "the answer broke off"),
    (http.client.HTTPException, lambda error: "the answer is no HTTP"),
    (urllib3.exceptions.InvalidChunkLength, lambda error: "the answer broke off"),
    (DecodeError, lambda error: "the answer's compression is broken"),
    (UnicodeError, lambda error: "the host's name is malformed"),
    (OSError, lambda error: error.strerror or type(error).__name__),
)


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def _checked_url(url: str) -> str:
    """The URL, if it is one that can be asked for. Raises ServerError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\x00-\x1f\x7f]", url) or " " in urlsplit(url).netloc:
        raise ServerError("the URL is malformed: it must be http:// or https://, a host, and a path.")
    return url


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they go over the wire. Raises ServerError for what would break the request in two."""
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise ServerError(f"header {name!r} cannot be sent: no header can have such characters.")
    # The library writes Latin-1; these bytes come out as the UTF-8 that was meant.
    return {name: value.strip().encode().decode("latin-1") for name, value in headers.items()}


def _keeps_credentials(origin: str, target: str) -> bool:
    """May a redirect take the credentials along? To the same host or one under it, and never into clear."""
    here, there = urlsplit(origin), urlsplit(target)
    same = there.hostname == here.hostname or str(there.hostname).endswith(f".{here.hostname}")
    return same and not (here.scheme == "https" and there.scheme == "http")


def _redirected(request: _Request, status: int, location: str, origin: str) -> _Request:
    """The request that follows a redirect; ``origin`` is the URL that was asked for first."""
    url = _checked_url(urljoin(request.url, location))
    headers, method, body = dict(request.headers), request.method, request.body
    headers = {name: value for name, value in headers.items() if name.lower() != "host"}
    if status not in (307, 308) and method not in ("GET", "HEAD"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    if not _keeps_credentials(origin, url):
        headers = {name: value for name, value in headers.items() if not name.lower().startswith(_CREDENTIALS)}
    return _Request(method, url, headers, body)


class Client:
    """Sends requests for one step: within its deadline, until it is told to stop.

    All methods raise ServerError when there is no answer (refused, unresolved, TLS, time), ClientError for a denied
    network and an answer that is too long, Stopped when the step was told to stop. An answer of any status is an
    answer.
    """

    def __init__(
        self,
        loads: Callable[[str], Any],
        dumps: Callable[[Any], str],
        deadline: float | None = None,
        cancelled: Cancellation | None = None,
        denied_networks: tuple[str, ...] = DENIED_NETWORKS,
        max_response_bytes: int = 16 * 1024 * 1024,
        traceparent: str = "",
    ) -> None:
        self._loads = loads
        self._dumps = dumps
        self._deadline = deadline
        self._cancelled = cancelled or Cancellation()
        self._denied = denied_networks
        self._max_response_bytes = max_response_bytes
        self._traceparent = traceparent

    def get(self, url: str, **options: Any) -> Answer:
        """``request`` with the method GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        """``request`` with the method POST."""
        return self.request("POST", url, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | bytes = b"",
        json: Any = None,
        auth: Basic | Digest | None = None,
        tls: Tls = DEFAULT_TLS,
        timeout: timedelta | None = timedelta(seconds=30),
        follow_redirects: bool = False,
        max_response_bytes: int | None = None,
    ) -> Answer:
        """Send a request, read the answer.

        ``params`` are added to the query; ``json`` is encoded and becomes the body; ``timeout`` is for everything
        together, None: only the step's deadline.
        """
        if params:
            url = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}"
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **_checked_headers(headers or {})}
        if self._traceparent and not any(name.lower() == "traceparent" for name in sent):
            sent["traceparent"] = self._traceparent
        if json is not None:
            body = self._dumps(json)
            sent.setdefault("Content-Type", "application/json")
        if isinstance(auth, Basic) and not any(name.lower() == "authorization" for name in sent):
            sent["Authorization"] = auth.header()
        request = _Request(method, _checked_url(url), sent, (body.encode() if isinstance(body, str) else body) or None)
        digest = auth if isinstance(auth, Digest) else None
        exchange = Exchange(self._seconds(timeout), self._denied)
        with self._cancelled.calling(exchange.abort), exchange.entered():
            try:
                return self._followed(request, digest, tls, follow_redirects, max_response_bytes)
            except (HTTPError, http.client.HTTPException, OSError, UnicodeError) as error:
                if self._cancelled.is_set():
                    raise Stopped("stopped") from error
                raise ServerError(f"{method} {_place(request.url)}: {reason(error)}.") from error

    def _seconds(self, timeout: timedelta | None) -> float | None:
        limits = [] if timeout is None else [timeout.total_seconds()]
        if self._deadline is not None:
            limits.append(max(0.0, self._deadline - time.monotonic()))
        return min(limits, default=None)

    def _followed(
        self, request: _Request, digest: Digest | None, tls: Tls, follow: bool, most_bytes: int | None
    ) -> Answer:
        origin = request.url
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._answered(request, tls, most_bytes)
            if answer.status == 401 and digest and _keeps_credentials(origin, request.url):
                challenge = next((v for k, v in answer.headers if _is_digest_challenge(k, v)), "")
                header = _DigestAnswer(digest.user, digest.password).header(challenge, request.method, request.url)
                if challenge and header:
                    signed = replace(request, headers={**request.headers, "Authorization": header})
                    answer = self._answered(signed, tls, most_bytes)
            location = answer.header("Location")
            if not follow or answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            request = _redirected(request, answer.status, location, origin)
        raise ServerError(f"{request.method} {_place(origin)}: more than {MOST_REDIRECTS} redirects.")

    def _answered(self, request: _Request, tls: Tls, most_bytes: int | None) -> Answer:
        proxy = proxy_for(request.url, request.host, self._denied)
        manager = POOLS.manager(tls, proxy, self._denied)
        exchange = Exchange.current()
        while True:
            if exchange:
                exchange.reused = False
            try:
                response = manager.urlopen(
                    request.method,
                    request.url,
                    body=request.body,
                    headers=request.headers,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=urllib3.Timeout(connect=None, read=None),
                )
            except ProtocolError:
                # The other side may close a kept connection just when it is used again. Each round uses up one.
                if exchange and exchange.reused and request.method in _REPEATABLE and not self._cancelled.is_set():
                    continue
                raise
            return self._read(response, request, most_bytes or self._max_response_bytes)

    def _read(self, response: urllib3.BaseHTTPResponse, request: _Request, most_bytes: int) -> Answer:
        asked = any(name.lower() == "accept-encoding" and value != "gzip" for name, value in request.headers.items())
        headers = tuple((str(name), str(value)) for name, value in response.headers.iteritems())
        unpack = response.headers.get("Content-Encoding", "").lower() == "gzip" and not asked
        if unpack:
            headers = tuple(h for h in headers if h[0].lower() not in ("content-encoding", "content-length"))
        chunks, size = [], 0
        whole = False
        try:
            for chunk in response.stream(65_536, decode_content=unpack):
                size += len(chunk)
                if size > most_bytes:
                    what = f"{request.method} {_place(request.url)}: the answer is longer than {most_bytes} bytes."
                    raise AnswerTooLarge(what, response.status, headers)
                chunks.append(chunk)
            whole = True
        finally:
            if not whole:
                response.close()
        return Answer(response.status, headers, b"".join(chunks), request.url, self._loads)


def _place(url: str) -> str:
    """Scheme and host of a URL: the rest may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_digest_challenge(name: str, value: str) -> bool:
    return name.lower() == "www-authenticate" and value.lower().startswith("digest ")
