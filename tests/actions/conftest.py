"""Runs single actions as the runner does: decode, run, answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions._contract import Context, Requester, Result, Surroundings
from actions._registry import Registry
from tasks.engine import goyaml
from tasks.engine.gotemplate.jsontext import dumps, loads, loads_first
from tasks.engine.schemas import check_schema, normalise
from tests.peers.authority import Authority
from tests.peers.web import WebPeer


def read_schema(schema: Any) -> Any:
    check_schema(schema)
    return normalise(schema)


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """What a process knows, with a scripts folder of its own."""
    (tmp_path / "scripts").mkdir()
    return Surroundings(
        loads=loads,
        loads_first=loads_first,
        dumps=dumps,
        load_yaml=lambda text: goyaml.read(text).value,
        read_schema=read_schema,
        scripts_folders=(tmp_path / "scripts",),
        base_url="http://utask.example.com/",
    )


@pytest.fixture
def registry(surroundings: Surroundings) -> Registry:
    """All actions that ship."""
    registry = Registry.discover(surroundings)
    assert registry.problems == []
    return registry


@pytest.fixture
def context(surroundings: Surroundings) -> Context:
    """The context of a step; a test changes what it needs with ``dataclasses.replace``."""
    return Context(
        task_id="11111111-1111-4111-8111-111111111111",
        resolution_id="22222222-2222-4222-8222-222222222222",
        step="stepOne",
        surroundings=surroundings,
        requester=Requester("alice", ("sre", "network")),
        resolver="bob",
    )


RunAction = Callable[..., Result]


@pytest.fixture
def run_action(registry: Registry, context: Context) -> RunAction:
    """``run_action(type, configuration, *, base, answer, ctx)``: the final result; raises what the action raises."""

    def run(
        type: str,
        configuration: Any,
        *,
        base: Any = None,
        answer: Any = None,
        ctx: Context | None = None,
        **changes: Any,
    ) -> Result:
        here = replace(ctx or context, **changes)
        action = registry.get(type)
        cfg = action.decode(base, configuration, here.surroundings)
        result = action.run(cfg, here)
        return result if answer is None else action.answered(cfg, here, answer)

    return run


@pytest.fixture
def refused(registry: Registry) -> Callable[..., list[str]]:
    """``refused(type, configuration)``: every error at load, as texts."""

    def check(type: str, configuration: Any, *, base: Any = None, **options: Any) -> list[str]:
        found = registry.check(type, base, configuration, **options)
        return [str(problem) for problem in found if problem.level == "error"]

    return check


@pytest.fixture
def warned(registry: Registry) -> Callable[..., list[str]]:
    """``warned(type, configuration)``: every warning at load, as texts."""

    def check(type: str, configuration: Any, *, base: Any = None) -> list[str]:
        return [str(problem) for problem in registry.check(type, base, configuration) if problem.level == "warning"]

    return check


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def web() -> Iterator[WebPeer]:
    """A plain HTTP server."""
    with WebPeer().serving() as peer:
        yield peer


@pytest.fixture
def secure_web(authority: Authority, tmp_path: Path) -> Iterator[WebPeer]:
    """An HTTPS server of the tests' own authority."""
    with WebPeer(authority.server_context(tmp_path / "tls")).serving() as peer:
        yield peer
