import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.engine.errors import TemplateInvalid
from tasks.engine.gotemplate.jsontext import loads
from tasks.engine.gotemplate.regexps import Match
from tasks.engine.javascript import JavaScriptError
from tests.doors import DOORS, FURTHER_DOORS

FOLDER = Path(__file__).parents[1] / "vectors" / "formats"
TOPICS = sorted(path.stem for path in FOLDER.glob("*.jsonl"))

#: What a door raises for a text that it refuses; anything else that comes out of it is a fault.
REFUSALS = (ValueError, JavaScriptError, TemplateInvalid)
#: A ValueError too, but never a refusal.
STRAY = UnicodeError

REFUSED = "refused"


def answer_of(door: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return door(*arguments)
    except STRAY:
        raise
    except REFUSALS:
        return REFUSED


def yaml(vector: dict[str, Any]) -> bool:
    return answer_of(DOORS["yaml"], vector["yaml"]) == vector.get("json", REFUSED)


def yaml_fields(vector: dict[str, Any]) -> bool:
    return answer_of(DOORS["yaml_fields"], vector["yaml"], vector["kind"]) == vector.get("json", REFUSED)


def regexp(vector: dict[str, Any]) -> bool:
    found = answer_of(DOORS["regexp"], vector["pattern"], vector["text"])
    first = answer_of(FURTHER_DOORS["regexp.groups"], vector["pattern"], vector["text"])
    groups = [first.text, *first.groups] if isinstance(first, Match) else first
    return (found, groups) == (vector.get("find", REFUSED), vector.get("groups", REFUSED))


def regexp_replace(vector: dict[str, Any]) -> bool:
    arguments = vector["pattern"], vector["text"], vector["replacement"]
    answers = (
        answer_of(DOORS["regexp_replace"], *arguments),
        answer_of(FURTHER_DOORS["regexp_replace.literal"], *arguments),
    )
    return answers == (vector.get("out", REFUSED), vector.get("literal", REFUSED))


def duration(vector: dict[str, Any]) -> bool:
    if vector["op"] == "parse":
        return answer_of(DOORS["duration.parse"], vector["text"]) == vector.get("ns", REFUSED)
    return answer_of(DOORS["duration.format"], int(vector["ns"])) == vector["out"]


def timefmt(vector: dict[str, Any]) -> bool:
    if vector["op"] == "parse":
        answer = answer_of(DOORS["timefmt.parse"], vector["layout"], vector["text"])
    else:
        answer = answer_of(DOORS["timefmt.format"], vector["layout"], vector["instant"], vector["zone"])
    return answer == vector.get("out", REFUSED)


def json_texts(vector: dict[str, Any]) -> bool:
    door = DOORS[f"json.{vector['op']}"]
    if vector["op"] == "fields":
        answer = answer_of(door, vector["text"])
        return (answer if answer == REFUSED else json.dumps(answer, separators=(",", ":"), ensure_ascii=False)) == (
            vector.get("out", REFUSED)
        )
    read, write = door

    def reencode(text: str) -> str:
        return write(read(text))

    answers = [answer_of(reencode, vector["text"])]
    wanted = [vector.get("out", REFUSED)]
    if "html" in vector:
        write_html = DOORS["json.html"][1]
        answers.append(write_html(read(vector["text"])))
        wanted.append(vector["html"])
    return answers == wanted


def js(vector: dict[str, Any]) -> bool:
    answer = answer_of(DOORS["js"], vector.get("rendered", vector["expression"]))
    accepted = [vector.get("out", REFUSED)]
    accepted += [vector["v8"]] if "v8" in vector else []
    accepted += [REFUSED] if vector.get("v8_error") else []
    return answer in accepted


def jsonschema(vector: dict[str, Any]) -> bool:
    answer = answer_of(DOORS["jsonschema"], vector["schema"], vector["instance"])
    return answer in (vector.get("valid", REFUSED), vector.get("sane", vector.get("valid", REFUSED)))


def condition(vector: dict[str, Any]) -> bool:
    arguments = vector["operator"], vector["value"], vector["expected"], vector.get("list_separator", "")
    answer = answer_of(DOORS["condition"], *arguments)
    return answer in (vector.get("result", REFUSED), vector.get("sane", vector.get("result", REFUSED)))


PASSES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "condition": condition,
    "duration": duration,
    "js": js,
    "json": json_texts,
    "jsonschema": jsonschema,
    "regexp": regexp,
    "regexp_replace": regexp_replace,
    "timefmt": timefmt,
    "yaml": yaml,
    "yaml_fields": yaml_fields,
}


def vectors_of(topic: str) -> list[dict[str, Any]]:
    # Not splitlines: texts in the vectors hold U+2028 and the like.
    lines = (FOLDER / f"{topic}.jsonl").read_text(encoding="utf-8").split("\n")
    return [loads(line) for line in lines if line]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_vector_of_the_topic_passes(topic, capsys):
    counted = Counter({"refused": 0})
    failed = []
    for vector in vectors_of(topic):
        counted["all"] += 1
        counted["refused"] += "error" in vector
        if not PASSES[topic](vector):
            failed.append(vector)
    with capsys.disabled():
        sys.stdout.write(f"\nformats/{topic}: {counted['all']} vectors, {counted['refused']} of them refused texts ")
    assert counted["all"] > 100
    assert failed == []


def test_every_topic_of_the_readme_has_its_doors():
    rows = [line for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    table = rows[[row.startswith("| `yaml` |") for row in rows].index(True) :]
    named = {name.strip("` ") for row in table for name in row.split("|")[1].split(",")}
    assert named == set(DOORS)
