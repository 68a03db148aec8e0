"""Whatever is written as a configuration, an action takes it or says why not."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions import ActionError
from actions._contract import Surroundings
from actions._registry import RegisteredAction, Registry
from tasks.engine import goyaml
from tasks.engine.gotemplate.jsontext import dumps, loads, loads_first
from tasks.engine.schemas import check_schema

SURROUNDINGS = Surroundings(loads, loads_first, dumps, lambda text: goyaml.read(text).value, check_schema)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["{{ .input.x }}", "30s", "true", "12", "[1]", '{"a": 1}', "http://h", "GET", "create", "..", "\0"]
    ),
)


def values(names: list[str]) -> st.SearchStrategy[Any]:
    keys = st.one_of(st.sampled_from(names), st.text(max_size=4))
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))


@pytest.mark.parametrize(
    "name",
    [
        "apiovh",
        "batch",
        "cache",
        "callback",
        "echo",
        "email",
        "http",
        "notify",
        "ping",
        "script",
        "ssh",
        "subtask",
        "tag",
    ],
)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_configuration_is_taken_or_refused_with_reasons(registry: Registry, name: str, data: st.DataObject):
    declaration = registry.get(name).declaration
    assert declaration is not None
    keys = [*declaration.shapes, "name", "value", "user", "password", "basic"]
    whole = st.dictionaries(st.sampled_from([*declaration.shapes]), values(keys), max_size=6) | values(keys)
    base, configuration = data.draw(st.none() | whole), data.draw(whole)
    problems = registry.check(name, base, configuration, surroundings=SURROUNDINGS)
    assert all(problem.what and problem.level in ("error", "warning") for problem in problems)
    cfg = taken(registry.get(name), base, configuration)
    if cfg is not None:
        assert set(vars(cfg)) == set(declaration.shapes)
        assert registry.get(name).resources(cfg, SURROUNDINGS) is not None


def taken(action: RegisteredAction, base: Any, configuration: Any) -> Any:
    """The decoded configuration, None for a refused one; anything else that is raised fails the test."""
    try:
        return action.decode(base, configuration, SURROUNDINGS)
    except ActionError:
        return None
