"""How often somebody may try."""

import pytest

from tasks.services import rates
from tasks.services.rates import Rate


def test_the_limit_is_one_names_and_ends_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: now[0])
    rate = Rate(most=2, seconds=60)
    assert rate.allows("a")
    rate.count("a")
    now[0] += 30
    rate.count("a")
    assert not rate.allows("a")
    assert rate.allows("b")
    now[0] += 31
    assert rate.allows("a")
    rate.count("a")
    assert not rate.allows("a")
    rate.forget()
    assert rate.allows("a")


def test_only_so_many_names_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MOST_NAMES", 2)
    rate = Rate(most=1, seconds=60)
    for name in ("a", "b", "c"):
        rate.count(name)
    assert [rate.allows(name) for name in ("a", "b", "c")] == [True, False, False]
