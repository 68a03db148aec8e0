"""The template language against Jinja2: ten strings as authors of tasks write them.

Needs no Django; Jinja2 comes with requirements-test.txt.
"""

import timeit
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import jinja2

from tasks.engine import gotemplate

_REPEATS = 5
_SECONDS_A_REPEAT = 0.02

DATA = """{"input": {"name": "web-01", "count": 3, "env": "prod", "tags": ["eu", "front", "v2"],
                     "hosts": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]},
           "task": {"task_id": "7c7b1f38", "requester_username": "alice"},
           "config": {"api": {"url": "https://api.example.com/v1", "token": "s3cr3t"}},
           "step": {"create": {"state": "DONE", "output": {"id": "i-42", "size": 12.50, "ready": true}}}}"""


@dataclass(frozen=True, slots=True)
class Pair:
    """One string in our language, and what says the same in Jinja2's."""

    ours: str
    jinja: str


PAIRS = (
    Pair("{{.input.name}}", "{{input.name}}"),
    Pair(
        "[{{.task.task_id}}] Create {{.input.name}} in {{.input.env}}",
        "[{{task.task_id}}] Create {{input.name}} in {{input.env}}",
    ),
    Pair("{{.config.api.url}}/hosts/{{.step.create.output.id}}", "{{config.api.url}}/hosts/{{step.create.output.id}}"),
    Pair("{{.input.name | upper}}", "{{input.name | upper}}"),
    Pair('{{.input.region | default "eu-west"}}', '{{input.region | default("eu-west")}}'),
    Pair(
        '{{if eq .input.env "prod"}}critical{{else}}normal{{end}}',
        '{% if input.env == "prod" %}critical{% else %}normal{% endif %}',
    ),
    Pair("{{if gt .input.count 2}}many{{end}}", "{% if input.count > 2 %}many{% endif %}"),
    Pair(
        "{{range .input.hosts}}{{.name}}:{{.port}} {{end}}",
        "{% for h in input.hosts %}{{h.name}}:{{h.port}} {% endfor %}",
    ),
    Pair('{{join "," .input.tags}}', '{{input.tags | join(",")}}'),
    Pair(
        '{"name": {{.input.name | toJson}}, "size": {{.step.create.output.size}}}',
        '{"name": {{input.name | tojson}}, "size": {{step.create.output.size}}}',
    ),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds for one string: reading it for the first time, rendering it again, and Jinja2 rendering its own."""

    text: str
    cold: float
    warm: float
    jinja: float


def measure(pair: Pair) -> Measured:
    """Both languages on one pair. Raises ValueError when they do not give the same text."""
    data = gotemplate.loads(DATA)
    theirs = jinja2.Environment(autoescape=False).from_string(pair.jinja)  # noqa: S701 - no page  # nosec B701
    values = _plain(data)
    if gotemplate.render(pair.ours, data) != theirs.render(values):
        raise ValueError(f"{pair.ours}: {gotemplate.render(pair.ours, data)!r} is not {theirs.render(values)!r}")
    return Measured(
        pair.ours,
        cold=_microseconds(lambda: gotemplate.compile_text(pair.ours)),
        warm=_microseconds(lambda: gotemplate.render(pair.ours, data)),
        jinja=_microseconds(lambda: theirs.render(values)),
    )


def _plain(value: object) -> object:
    """The same data for Jinja2, which knows no number that keeps its text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, gotemplate.JSONNumber):
        whole = value.whole()
        return _Written(value.text) if whole is None else whole
    return value


class _Written(float):
    """A float that prints as it was written."""

    def __new__(cls, text: str) -> "_Written":
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text


def _microseconds(deed: Callable[[], object]) -> float:
    timer = timeit.Timer(deed)
    number = max(1, int(_SECONDS_A_REPEAT / max(timer.timeit(1), 1e-7)))
    return min(timer.repeat(_REPEATS, number)) / number * 1e6


def run() -> str:
    """The report: a line a string, and the medians. Times in microseconds."""
    measured = [measure(pair) for pair in PAIRS]
    lines = [f"{'cold parse':>10} {'warm':>8} {'Jinja2':>8}  text (times in µs)"]
    lines.extend(f"{one.cold:10.1f} {one.warm:8.2f} {one.jinja:8.2f}  {one.text}" for one in measured)
    middle = [median(getattr(one, column) for one in measured) for column in ("cold", "warm", "jinja")]
    lines.append(f"{middle[0]:10.1f} {middle[1]:8.2f} {middle[2]:8.2f}  median of {len(measured)}")
    return "\n".join(lines)
