"""Every rendered text: whether it parses, and whether what it refers to can be there.

A name that surely does not exist is an error, as it is for the original; what may work all the same is a warning.
Source: docs/templates.md, "Checks".
"""

from collections.abc import Callable, Mapping

from tasks.engine.checks.subject import Subject
from tasks.engine.checks.uses import checked_uses, line_of
from tasks.engine.definition import FunctionDefinition, StepDefinition
from tasks.engine.errors import Level
from tasks.engine.functions import pre_hook_of
from tasks.engine.handles import Reference, Use, VariableUse, original_paths
from tasks.engine.places import Report, did_you_mean, listing
from tasks.engine.texts import Text, Where, texts_of_function, texts_of_step, texts_of_template

#: What a template may see of its task.
TASK_NAMES = (
    "task_id",
    "created",
    "requester_username",
    "requester_groups",
    "resolver_username",
    "resolver_groups",
    "watcher_usernames",
    "watcher_groups",
    "region",
    "resolution_id",
    "last_activity",
)

#: What a text may see of a step.
STEP_NAMES = ("output", "metadata", "children", "error", "state", "try_count", "max_retries")


def check_template_texts(subject: Subject) -> None:
    """All texts outside the steps."""
    for text in texts_of_template(subject.definition):
        _TextCheck(subject, text).run()


def check_step_texts(subject: Subject, step: StepDefinition) -> None:
    """All texts of a step itself; what its functions refer to: ``borrowed.py``."""
    for text in texts_of_step(step):
        _TextCheck(subject, text).run()


def check_function_texts(function: FunctionDefinition, report: Report) -> None:
    """What holds for the texts of a function wherever it is used."""
    for text in texts_of_function(function):
        checked_uses(text, report)


class _TextCheck:
    """The check of one text."""

    def __init__(self, subject: Subject, text: Text) -> None:
        self._subject = subject
        self._text = text
        self._use: Use | None = None

    def run(self) -> None:
        for use in checked_uses(self._text, self._subject.report):
            self._use = use
            match use:
                case VariableUse():
                    self._variable(use)
                case Reference():
                    check = _ROOTS.get(use.names[0], _TextCheck._unknown_root)
                    check(self, use)

    def _say(self, level: Level, what: str, mend: str = "") -> None:
        assert self._use is not None
        report = self._subject.report
        report.add(self._text.path, what, mend, level, line_of(self._use, self._text, report))

    def _warn(self, what: str, mend: str = "") -> None:
        self._say(Level.WARNING, what, mend)

    def _missing(self, reference: Reference, what: str, mend: str = "") -> None:
        """A name that does not exist: written with dots it surely is a slip, by ``field`` it may be a question."""
        self._say(Level.ERROR if reference.is_dotted else Level.WARNING, f"{reference}: {what}", mend)

    def _variable(self, use: VariableUse) -> None:
        known = self._subject.definition.variable_by_name
        if use.name not in known:
            self._say(Level.ERROR, f'There is no variable "{use.name}".', did_you_mean(use.name, known))

    # One method for each name at the root -----------------------------------------------------------------------------

    def _step(self, reference: Reference) -> None:
        if len(reference.names) < 2:
            return
        name = reference.names[1]
        where = self._text.where
        if name == "this":
            if where in {Where.CREATION, Where.RESULT, Where.FOREACH}:
                self._warn(f'{reference}: there is no step "this" here.', "Name the step.")
            return
        steps = self._subject.steps
        if name not in steps:
            if not self._is_child(name):
                self._missing(reference, "there is no such step.", did_you_mean(name, steps))
            return
        if where is Where.CREATION:
            self._warn(f"{reference}: no step exists yet when this is rendered.")
        elif self._text.step and name != self._text.step and not self._waits_for(name):
            self._warn(
                f'{reference}: "{self._text.step}" does not wait for "{name}", which may not have run by then.',
                f'Add "{name}" to the dependencies.',
            )
        self._step_property(reference, steps[name])

    def _waits_for(self, name: str) -> bool:
        return self._subject.graph.waits_for(self._text.step, name)

    def _is_child(self, name: str) -> bool:
        """``a-0`` is a child of the loop ``a``."""
        loop, _, number = name.rpartition("-")
        return number.isdecimal() and loop in self._subject.steps and self._subject.steps[loop].is_loop

    def _step_property(self, reference: Reference, step: StepDefinition) -> None:
        if len(reference.names) < 3:
            return
        name, *path = reference.names[2:]
        if name not in STEP_NAMES:
            self._warn(
                f'{reference}: a step has no "{name}".',
                did_you_mean(name, STEP_NAMES, f"It has {listing(STEP_NAMES)}."),
            )
            return
        table = self._subject.property_table(step, name)
        if table is None or (unknown := table.unknown(path)) is None:
            return
        is_refused = reference.is_dotted and ".".join(reference.names) in original_paths(self._text.text)
        self._say(
            Level.ERROR if is_refused else Level.WARNING,
            f'{reference}: the schema of the {name} of "{step.name}" has no "{unknown}" there.',
        )

    def _input(self, reference: Reference) -> None:
        declared = {each.name for each in self._subject.definition.inputs}
        self._input_among(reference, declared, "inputs")

    def _resolver_input(self, reference: Reference) -> None:
        declared = {each.name for each in self._subject.definition.resolver_inputs}
        self._input_among(reference, declared, "resolver_inputs")

    def _input_among(self, reference: Reference, declared: set[str], property_name: str) -> None:
        if len(reference.names) > 1 and reference.names[1] not in declared:
            mend = did_you_mean(reference.names[1], declared, f"Declare it in {property_name}.")
            self._missing(reference, "there is no such input.", mend)

    def _task(self, reference: Reference) -> None:
        if len(reference.names) > 1 and reference.names[1] not in TASK_NAMES:
            mend = did_you_mean(reference.names[1], TASK_NAMES, f"A task has {', '.join(TASK_NAMES)}.")
            self._missing(reference, "a task has nothing of that name.", mend)

    def _var(self, reference: Reference) -> None:
        name = reference.names[1] if len(reference.names) > 1 else "name"
        self._warn(f"{reference} is the definition of a variable, not its value.", f'Write {{{{ eval "{name}" }}}}.')

    def _iterator(self, reference: Reference) -> None:
        step = self._subject.steps.get(self._text.step)
        if self._text.where in {Where.CREATION, Where.RESULT, Where.FOREACH} or (step is not None and not step.is_loop):
            self._warn(f"{reference}: there is no iterator here.", "Only the children of a step with foreach have one.")

    def _pre_hook(self, reference: Reference) -> None:
        step = self._subject.steps.get(self._text.step)
        has_one = step is not None and pre_hook_of(self._subject.definition, step) is not None
        if self._text.where is not Where.SHARED and (self._text.where is not Where.STEP or not has_one):
            self._warn(f"{reference}: there is no result of a pre_hook here.", "Give the step a pre_hook.")

    def _function_args(self, reference: Reference) -> None:
        if self._text.where is not Where.SHARED:
            self._warn(f"{reference}: only functions have arguments.", "Write this in the function.")

    def _config(self, reference: Reference) -> None:
        """Settings are the operator's; which there are is not known here."""

    def _unknown_root(self, reference: Reference) -> None:
        root = reference.names[0]
        self._warn(f'{reference}: there is no ".{root}".', did_you_mean(root, _ROOTS, "It gives <no value>."))


_ROOTS: Mapping[str, Callable[[_TextCheck, Reference], None]] = {
    "input": _TextCheck._input,
    "resolver_input": _TextCheck._resolver_input,
    "step": _TextCheck._step,
    "task": _TextCheck._task,
    "iterator": _TextCheck._iterator,
    "pre_hook": _TextCheck._pre_hook,
    "function_args": _TextCheck._function_args,
    "config": _TextCheck._config,
    "var": _TextCheck._var,
}
