"""Each step by itself and among the others: names, states, dependencies, cycles.

Source: docs/templates.md, "Steps" and "Dependencies".
"""

import re
from collections import Counter
from datetime import timedelta

from tasks.engine.catalog import Path
from tasks.engine.checks.subject import Subject, step_path
from tasks.engine.definition import StepDefinition
from tasks.engine.dependencies import ALWAYS_AWAITABLE
from tasks.engine.errors import Level
from tasks.engine.gotemplate.jsontext import loads_first
from tasks.engine.places import Report, did_you_mean, listing
from tasks.engine.schemas import SchemaError, check_schema
from tasks.states import RESERVED_STEP_STATES

LONGEST_DELAY = timedelta(seconds=20)

_CHILD = re.compile(r"(?P<loop>.+)-[0-9]+", re.DOTALL)


def check_step(subject: Subject, step: StepDefinition) -> None:
    """Everything of a step but its calls, conditions and texts."""
    _check_name(subject, step)
    _check_spans(step, subject.report)
    _check_foreach(step, subject.report)
    check_custom_states(step.custom_states, step_path(step.name, "custom_states"), subject.report)
    _check_schema(step, subject.report)
    _check_dependencies(subject, step)


def check_cycles(subject: Subject, blamed: str | None = None) -> None:
    """Steps that wait for each other in a circle; each circle once, at ``blamed`` where that is in it."""
    for cycle in subject.graph.cycles():
        start = cycle.index(blamed) if blamed in cycle else 0
        first, *others = cycle[start:] + cycle[:start]
        way = " waits for ".join(f'"{name}"' for name in (first, *others, first))
        subject.report.error(
            step_path(first, "dependencies"), f"The dependencies are circular: {way}.", "Remove one of them."
        )


def check_custom_states(states: tuple[str, ...], path: Path, report: Report, level: Level = Level.ERROR) -> None:
    """``level``: how bad a builtin state among them is."""
    for index, state in enumerate(states):
        if state in RESERVED_STEP_STATES:
            report.add((*path, index), f'"{state}" is a builtin state, it cannot be a custom one.', "Rename it.", level)
        elif "," in state:
            report.warning((*path, index), f'No dependency can name the state "{state}": it holds a comma.')


def _check_name(subject: Subject, step: StepDefinition) -> None:
    report, path = subject.report, step_path(step.name)
    if step.name == "this":
        report.error(path, 'No step can be called "this": that is what a step calls itself.', "Rename it.")
    if ":" in step.name:
        report.warning(path, f'No step can depend on "{step.name}": its name holds a colon.', "Rename it.")
    child = _CHILD.fullmatch(step.name)
    if child and (loop := subject.steps.get(child["loop"])) is not None and loop.is_loop:
        report.error(
            path,
            f'"{step.name}" is what a child of the loop "{loop.name}" will be called.',
            "Rename one of the two.",
        )


def _check_spans(step: StepDefinition, report: Report) -> None:
    if not timedelta(0) <= step.execution_delay <= LONGEST_DELAY:
        report.error(
            step_path(step.name, "execution_delay"),
            f"The execution_delay is {step.execution_delay.total_seconds():g} s.",
            "It must be between 0 and 20 s; a bare number counts nanoseconds.",
        )
    if step.timeout < timedelta(0):
        report.error(step_path(step.name, "timeout"), "The timeout is negative.", "0 means: as long as it takes.")


def _check_foreach(step: StepDefinition, report: Report) -> None:
    if not step.is_loop or "{{" in step.foreach:
        return
    try:
        items = loads_first(step.foreach)
    except ValueError:
        items = step.foreach
    if items is not None and not isinstance(items, list):
        report.error(
            step_path(step.name, "foreach"),
            "The foreach can never be a JSON list.",
            'Write a JSON list in quotes, or a text that renders to one: "{{ .input.list | toJson }}".',
        )


def _check_schema(step: StepDefinition, report: Report) -> None:
    if step.json_schema is None:
        return
    try:
        check_schema(step.json_schema)
    except SchemaError as error:
        path = step_path(step.name, "json_schema", *error.path)
        report.error(path, f"The json_schema is none: {error}.", "Drafts 4, 6 and 7 are known.")


def _check_dependencies(subject: Subject, step: StepDefinition) -> None:
    report = subject.report
    count = Counter(dependency.step for dependency in step.dependencies)
    for index, dependency in enumerate(step.dependencies):
        place = step_path(step.name, "dependencies", index)
        if dependency.step not in subject.steps:
            report.error(
                place,
                f'Waits for "{dependency.step}", which is no step.',
                did_you_mean(dependency.step, (name for name in subject.steps if name != step.name)),
            )
            continue
        if count[dependency.step] > 1:
            report.error(
                place,
                f'Waits for "{dependency.step}" more than once.',
                f"Write the states behind each other: {dependency.step}:DONE,OTHER.",
            )
        custom_states = subject.states[dependency.step]
        for state in sorted(dependency.states - ALWAYS_AWAITABLE - set(custom_states)):
            known = (*sorted(ALWAYS_AWAITABLE), *custom_states)
            report.error(
                place,
                f'Waits for "{dependency.step}" in the state "{state}", in which it cannot end.',
                did_you_mean(state, known, f"It can end in {listing(('DONE', 'PRUNE', *custom_states))}."),
            )
