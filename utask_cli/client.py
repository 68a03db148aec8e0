"""Requests to the server: paths and shapes of the API, errors as sentences."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlsplit

import requests

from utask_cli.settings import Settings

_TIMEOUT = (5, 30)
#: Seconds after which a stream that says nothing is dead; the server gives a sign of life every ten.
_SILENCE = 30.0
FINAL_STATES = frozenset({"DONE", "CANCELLED", "WONTFIX"})


class Refused(Exception):
    """The server said no, or could not be asked; the text is for people."""


class Client:
    """One server, one user."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        if settings.token:
            self._session.headers["Authorization"] = f"Token {settings.token}"
        elif settings.user:
            self._session.auth = (settings.user, settings.password)

    def templates(self) -> Iterator[dict[str, Any]]:
        return self._pages("/template", {})

    def template(self, name: str) -> dict[str, Any]:
        return self._ask("GET", f"/template/{quote(name, safe='')}")

    def create_task(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", "/task", body)

    def tasks(self, filters: dict[str, Any], most: int) -> Iterator[dict[str, Any]]:
        """At most ``most`` tasks, newest activity first."""
        for number, task in enumerate(self._pages("/task", filters | {"page_size": max(10, min(most, 1000))})):
            if number == most:
                return
            yield task

    def task(self, task_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/task/{quote(task_id, safe='')}")

    def resolution(self, resolution_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/resolution/{resolution_id}")

    def resolve(self, task_id: str, inputs: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", "/resolution", {"task_id": task_id, "resolver_inputs": inputs})

    def act(self, task_id: str, act: str) -> None:
        """``run``, ``pause``, ``cancel`` or ``extend`` the task's resolution."""
        resolution = self.task(task_id).get("resolution")
        if not resolution:
            raise Refused(f"task {task_id} has no resolution yet: resolve it first")
        self._ask("POST", f"/resolution/{resolution}/{act}", {})

    def reject(self, task_id: str) -> None:
        self._ask("POST", f"/task/{quote(task_id, safe='')}/wontfix", {})

    def comment(self, task_id: str, content: str) -> dict[str, Any]:
        return self._ask("POST", f"/task/{quote(task_id, safe='')}/comment", {"content": content})

    def news(self, task_id: str, *, silent_seconds: float | None = None) -> Iterator[None]:
        """Something may have changed: as often as the server says so; ends where it has no stream (any more).

        ``silent_seconds``: how long it may say nothing.
        """
        silence = _SILENCE if silent_seconds is None else min(silent_seconds, _SILENCE)
        path = f"/task/{quote(task_id, safe='')}/events"
        try:
            with self._session.get(self._url + path, stream=True, timeout=(_TIMEOUT[0], silence)) as answer:
                if answer.status_code != 200:
                    return
                for line in answer.iter_lines():
                    if line.startswith((b"event: progress", b"event: end", b":")):
                        yield
        except requests.RequestException:
            return

    def _pages(self, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        last = ""
        while True:
            answer = self._send("GET", path, params=query | ({"last": last} if last else {}))
            yield from answer.json()
            following = answer.links.get("next", {}).get("url", "")
            last = next(iter(parse_qs(urlsplit(following).query).get("last", [])), "")
            if not last:
                return

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._send(method, path, json=body)
        return cast(dict[str, Any], answer.json()) if answer.content else {}

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = self._session.request(method, self._url + path, timeout=_TIMEOUT, allow_redirects=False, **more)
        except requests.RequestException as error:
            raise Refused(f"{self._url} cannot be reached: {type(error).__name__}") from None
        if answer.status_code == 401 and not answer.content:
            raise Refused("not authenticated: check UTASK_TOKEN, or UTASK_USER and UTASK_PASSWORD")
        if not answer.ok:
            raise Refused(f"{answer.status_code}: {_reason(answer)}")
        return answer


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return answer.text.strip()[:500] or str(answer.reason)
