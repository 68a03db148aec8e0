"""Every golden vector of the template language: what Go itself printed, byte for byte, or the class of its error."""

import json
import re
from pathlib import Path

import pytest

from tasks.engine.gotemplate import ExecutionError, ParseError, loads, render
from tasks.engine.gotemplate.sprig import dates

_VECTORS = Path(__file__).parents[1] / "vectors" / "gotemplate"
_TOPICS = sorted(path.stem for path in _VECTORS.glob("*.jsonl"))

#: The moment the vectors were made at: a few of them print its date.
_MADE_AT = 1_795_435_200
_SHOWN = 20


def _answer(template, data):
    try:
        return "out", render(template, data)
    except ParseError as error:
        return "parse", str(error)
    except ExecutionError as error:
        return "exec", str(error)


def _is_right(vector, kind, text):
    if kind != "out":
        return vector.get("error") == kind
    if text == vector.get("out") or text in vector.get("or", ()):
        return True
    return "matches" in vector and re.fullmatch(vector["matches"], text, re.DOTALL) is not None


def test_there_are_77_topics():
    assert len(_TOPICS) == 77


@pytest.mark.parametrize("topic", _TOPICS)
def test_the_vectors_of_a_topic_render_as_in_go(topic, monkeypatch, record_property):
    monkeypatch.setattr(dates, "time_ns", lambda: _MADE_AT * 1_000_000_000)
    wrong = []
    lines = (_VECTORS / f"{topic}.jsonl").read_text().splitlines()
    for line in lines:
        vector = json.loads(line)
        kind, text = _answer(vector["template"], loads(line)["data"])
        if not _is_right(vector, kind, text):
            wanted = {key: vector[key] for key in ("out", "or", "matches", "error", "message") if key in vector}
            wrong.append(
                f"{vector['id']}: {vector['template']!r} on {vector['data']!r}\n"
                f"  wanted {wanted}\n  got {kind} {text!r}"
            )
    record_property("vectors", (topic, len(lines) - len(wrong), len(lines)))
    assert not wrong, f"{len(wrong)} of {len(lines)} are wrong:\n" + "\n".join(wrong[:_SHOWN])
