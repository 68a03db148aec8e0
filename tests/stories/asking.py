"""Asks the running service for tasks, as a client of its API does."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import requests

PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 40


@dataclass(frozen=True)
class Client:
    """Somebody who calls the API under his name."""

    url: str
    name: str

    def call(
        self, method: str, path: str, body: Any = None, *, status: int = 0, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON that is answered; any good status will do, unless one is named."""
        answer = requests.request(
            method, self.url + path, json=body, headers=headers, auth=(self.name, PASSWORD), timeout=30
        )
        assert answer.status_code == status if status else answer.ok, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def ask(self, template: str, inputs: dict[str, Any], *, headers: Mapping[str, str] | None = None) -> "Asked":
        """A new task."""
        made = self.call("POST", "/task", {"template_name": template, "input": inputs}, headers=headers)
        return Asked(self, made["id"])


@dataclass(frozen=True)
class Asked:
    """A task that somebody has asked for, or looks at."""

    client: Client
    id: str

    def by(self, client: Client) -> "Asked":
        """The same task, seen by another."""
        return Asked(client, self.id)

    @property
    def task(self) -> Any:
        return self.client.call("GET", f"/task/{self.id}")

    @property
    def resolution(self) -> Any:
        return self.client.call("GET", f"/resolution/{self.task['resolution']}")

    def wait_for(self, *states: str) -> "Asked":
        """Come back when the resolution is in one of these states."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            task = self.task
            resolution = self.client.call("GET", f"/resolution/{task['resolution']}") if task.get("resolution") else {}
            if resolution.get("state") in states:
                return self
            assert time.monotonic() < until, (states, task, resolution)
            time.sleep(0.05)

    def step(self, name: str) -> Any:
        return self.resolution["steps"][name]

    def states(self, *, without: Collection[str] = ()) -> dict[str, str]:
        """State of each step by its name; children of loops among them."""
        return {name: step["state"] for name, step in self.resolution["steps"].items() if name not in without}

    def child(self, step: str) -> "Asked":
        """The task that a subtask has made; comes back when there is one."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            if found := (self.step(step).get("output") or {}).get("id"):
                return Asked(self.client, found)
            assert time.monotonic() < until, self.resolution
            time.sleep(0.05)

    def resolve(self, **inputs: Any) -> "Asked":
        """Answer the form of the resolver."""
        self.client.call("POST", "/resolution", {"task_id": self.id, "resolver_inputs": inputs}, status=201)
        return self

    def mended(self) -> "Asked":
        """Run it again, as somebody does who has held it to mend something."""
        path = f"/resolution/{self.task['resolution']}"
        self.client.call("POST", f"{path}/pause")
        self.client.call("POST", f"{path}/run")
        return self
