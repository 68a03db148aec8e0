"""Dates that depend on the clock, which stands still here."""

import pytest

from tasks.engine.gotemplate.golang import Int64
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.sprig import dates
from tasks.engine.gotemplate.times import Time
from tests.engine.sprig_calls import call

#: 2024-02-29 13:07:09.5 UTC
_NOW = 1_709_212_029_500_000_000


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(dates, "time_ns", lambda: _NOW)


def test_now_has_nanoseconds_and_is_in_utc():
    assert str(call("now")) == "2024-02-29 13:07:09.5 +0000 UTC"


@pytest.mark.parametrize("value", [None, "2020-01-01", 5.0, JSONNumber("5"), [1], True])
def test_what_is_no_time_and_no_integer_counts_as_now(value):
    assert call("date", "2006-01-02 15:04:05", value) == "2024-02-29 13:07:09"
    assert call("htmlDate", value) == "2024-02-29"
    assert call("htmlDateInZone", value, "Asia/Tokyo") == "2024-02-29"
    assert call("ago", value) == "0s"


@pytest.mark.parametrize("value", [1_709_208_429, Int64(1_709_208_429), Time(1_709_208_429)])
def test_the_time_since_then_is_in_whole_seconds(value):
    assert call("ago", value) == "1h0m1s"


@pytest.mark.parametrize(
    ("seconds_ago", "rounded"),
    [(0, "0s"), (1, "1s"), (90, "1m"), (-90, "1m"), (7200, "2h"), (86_400 * 40, "1mo"), (86_400 * 800, "2y")],
)
def test_a_time_is_rounded_to_how_far_away_it_is(seconds_ago, rounded):
    assert call("durationRound", Time(_NOW // 10**9 - seconds_ago)) == rounded


def test_an_unknown_zone_counts_as_utc():
    assert call("dateInZone", "15:04 MST", None, "Nowhere/Atall") == "13:07 UTC"
    assert call("dateInZone", "15:04 MST", None, "Europe/Paris") == "14:07 CET"
