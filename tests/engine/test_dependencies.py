import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.definition import ActionDefinition, Dependency, StepDefinition
from tasks.engine.dependencies import StepGraph, faults_of, read_dependency


def steps(**waits_for):
    return {
        name: StepDefinition(
            name, ActionDefinition("echo"), dependencies=tuple(read_dependency(text) for text in texts.split())
        )
        for name, texts in waits_for.items()
    }


@pytest.mark.parametrize(
    ("text", "step", "states"),
    [
        ("a", "a", {"DONE"}),
        ("a:ANY", "a", {"ANY"}),
        ("a:DONE,LATE", "a", {"DONE", "LATE"}),
        ("a:PRUNE", "a", {"PRUNE"}),
        ("a:", "a", {""}),
        ("a:B, C", "a", {"B", " C"}),
        ("a b:C:D", "a b", {"C:D"}),
    ],
)
def test_a_dependency_is_a_step_and_states(text, step, states):
    assert read_dependency(text) == Dependency(step, frozenset(states))


@pytest.mark.parametrize("text", ["a", "a:ANY", "a:LATE,DONE", "a:"])
def test_a_dependency_prints_as_it_was_written(text):
    assert str(read_dependency(text)) == text


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a:DONE,B", []),
        ("a:ANY", []),
        ("a:ANY,B", ["has ANY beside another state"]),
        ("a:B,DONE,B", ['names the state "B" twice']),
        ("a:ANY,ANY", ['names the state "ANY" twice']),
    ],
)
def test_a_dependency_must_not_repeat_itself(text, faults):
    assert faults_of(text) == faults


def test_ancestors_are_all_that_a_step_waits_for():
    graph = StepGraph(steps(a="", b="a", c="b:ANY a", d="c nobody", e=""))
    assert graph.ancestors("d") == {"a", "b", "c"}
    assert graph.ancestors("e") == frozenset()
    assert graph.parents("c") == ("b", "a")
    assert graph.children["a"] == ["b", "c"]


def test_steps_are_related_when_one_waits_for_the_other():
    graph = StepGraph(steps(a="", b="a", c="b", d="a"))
    assert graph.are_related("a", "c")
    assert graph.are_related("c", "a")
    assert not graph.are_related("c", "d")


def test_the_order_follows_dependencies_and_then_the_writing():
    assert StepGraph(steps(c="a", b="", a="b", d="")).order() == ["b", "d", "a", "c"]


@pytest.mark.parametrize(
    ("waits", "cycles"),
    [
        ({"a": "a"}, [("a",)]),
        ({"a": "c", "b": "a", "c": "b"}, [("a", "c", "b")]),
        ({"a": "b", "b": "a", "c": "a", "d": "d", "e": "c"}, [("a", "b"), ("d",)]),
        ({"a": "", "b": "a", "c": "a b"}, []),
        ({"a": "b", "b": "c a", "c": "b"}, [("a", "b")]),
    ],
)
def test_each_knot_of_steps_is_shown_by_one_cycle(waits, cycles):
    assert StepGraph(steps(**waits)).cycles() == cycles


@given(st.data())
def test_steps_that_only_wait_for_earlier_ones_have_no_cycle(data):
    count = data.draw(st.integers(1, 30))
    chosen = {
        f"s{i}": " ".join(f"s{j}" for j in data.draw(st.sets(st.integers(0, i - 1)) if i else st.just(set())))
        for i in range(count)
    }
    names = list(chosen)
    random.Random(data.draw(st.integers())).shuffle(names)
    graph = StepGraph(steps(**{name: chosen[name] for name in names}))
    order = graph.order()
    assert graph.cycles() == []
    assert sorted(order) == sorted(names)
    assert all(order.index(parent) < order.index(name) for name in names for parent in graph.parents(name))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_step_waits_for_exactly_its_ancestors(pairs):
    waits = {f"s{i}": " ".join(f"s{to}" for of, to in pairs if of == i) for i in range(10)}
    graph = StepGraph(steps(**waits))
    assert all(graph.waits_for(name, other) == (other in graph.ancestors(name)) for name in waits for other in waits)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_cycle_is_found_exactly_when_a_step_is_its_own_ancestor(pairs):
    waits = {f"s{i}": " ".join(f"s{to}" for of, to in pairs if of == i) for i in range(10)}
    graph = StepGraph(steps(**waits))
    in_knots = [name for name in waits if name in graph.ancestors(name)]
    cycles = graph.cycles()
    assert bool(cycles) == bool(in_knots)
    for cycle in cycles:
        assert all(after in graph.parents(name) for name, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True))


def test_a_long_chain_and_a_long_circle_are_no_burden():
    chain = {f"s{i}": f"s{i - 1}" if i else "" for i in range(5000)}
    assert len(StepGraph(steps(**chain)).ancestors("s4999")) == 4999
    circle = chain | {"s0": "s4999"}
    (cycle,) = StepGraph(steps(**circle)).cycles()
    assert len(cycle) == 5000
