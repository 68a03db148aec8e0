"""Durations, against what Go answers."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from actions._durations import format_nanoseconds, parse_duration, parse_nanoseconds

VECTORS = [
    json.loads(line) for line in (Path(__file__).parents[1] / "vectors/formats/duration.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["op"] == "parse"], ids=lambda vector: vector["id"])
def test_a_duration_is_read_as_go_reads_it(vector):
    if vector.get("error"):
        with pytest.raises(ValueError, match="duration"):
            parse_nanoseconds(vector["text"])
    else:
        assert parse_nanoseconds(vector["text"]) == vector["ns"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["op"] == "format"], ids=lambda vector: vector["id"])
def test_a_duration_is_printed_as_go_prints_it(vector):
    assert format_nanoseconds(vector["ns"]) == vector["out"]


@pytest.mark.parametrize(
    ("text", "microseconds"), [("1ns", 1), ("1500ns", 2), ("-1ns", -1), ("0", 0), ("1h", 3_600_000_000)]
)
def test_a_span_is_never_rounded_to_nothing(text, microseconds):
    assert parse_duration(text) == timedelta(microseconds=microseconds)
