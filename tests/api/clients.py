"""Somebody who asks the API, in this process or over the network, always in the same words."""

import json
from collections.abc import Mapping
from typing import Any, Protocol


class Answer(Protocol):
    """What the tests look at."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def json(self) -> Any: ...


class Person:
    """One person, by name; ``send`` is how requests get to the server."""

    def __init__(self, name: str, send: Any) -> None:
        self.name = name
        self._send = send

    def get(self, path: str, **headers: str) -> Answer:
        return self._send(self.name, "GET", path, None, headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self._send(self.name, "POST", path, written(body), headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self._send(self.name, "PUT", path, written(body), headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self._send(self.name, "DELETE", path, None, headers)

    def task(self, template: str = "dummy", **more: Any) -> dict[str, Any]:
        """A new task, as it was answered."""
        body = {"template_name": template, "input": {"id": "x"}} | more
        answer = self.post("/task", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def resolve(self, task: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A new resolution of the task, as it was answered."""
        answer = self.post("/resolution", {"task_id": task["id"]} | more)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def read(self, path: str) -> Any:
        """What is there to be read."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()


def written(body: Any) -> bytes:
    """A body as bytes: texts and bytes as they are, values as JSON, nothing as nothing."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def error_of(answer: Answer) -> str:
    """The text of a refusal, which is all its body."""
    body = answer.json()
    assert list(body) == ["error"], body
    return body["error"]
