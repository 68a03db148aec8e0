"""What a document may hold: one table, from which decoder, checks, the editors' schema and documentation are made.

A *record* is a mapping with declared properties: a template, a step, a condition. Order is that of the API's JSON.
Rules between properties are not here but in ``checks``.
Source: docs/templates.md, "Properties".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from tasks.engine.errors import Level


class Kind(StrEnum):
    """What stands behind a property's name."""

    TEXT = "text"
    FLAG = "flag"
    WHOLE = "whole number"
    ANY = "any value"
    TEXTS = "list of texts"
    TEXT_BY_NAME = "map of texts"
    VALUES = "list of values"
    VALUE_BY_NAME = "map of values"
    DURATION = "duration"
    DELAY = "duration, or a number of nanoseconds"
    SCHEMA = "JSON schema"
    RECORD = "record"
    RECORDS = "list of records"
    RECORD_BY_NAME = "map of records"
    #: Belongs to a running step: read back from the API, but not to be set in a template.
    RUN_TIME = "state of a running step"


@dataclass(frozen=True)
class Property:
    """One declared name of a record."""

    name: str
    kind: Kind
    about: str
    required: bool = False
    #: Exact words; the empty text stands for the default.
    choices: tuple[str, ...] = ()
    #: The record of RECORD, RECORDS and RECORD_BY_NAME.
    record: str = ""
    #: Limits of a text in bytes of UTF-8; 0: none.
    shortest: int = 0
    longest: int = 0
    #: Null, or absent, is not the same as the empty text.
    nullable: bool = False
    #: Texts in it are rendered.
    templated: bool = False
    #: Numbers keep the precision of a double only, as they always did here.
    as_doubles: bool = False
    #: What an absent property means, where that is not the kind's own zero.
    default: Any = None
    #: What a null among the records of RECORDS is.
    null_level: Level = Level.WARNING


@dataclass(frozen=True)
class Record:
    """A mapping with declared properties."""

    name: str
    about: str
    properties: tuple[Property, ...]

    @cached_property
    def by_name(self) -> dict[str, Property]:
        return {declared.name: declared for declared in self.properties}

    @cached_property
    def by_folded_name(self) -> dict[str, Property]:
        """Names are matched without regard to case."""
        return {declared.name.casefold(): declared for declared in self.properties}

    @cached_property
    def required(self) -> tuple[Property, ...]:
        """What must be there; of a text with a shortest length the check of lengths says that it is missing."""
        return tuple(declared for declared in self.properties if declared.required and not declared.shortest)


#: The one key of tags that belongs to the engine: subtasks find their parent by it.
PARENT_TASK_TAG = "_utask_parent_task_id"

_P, _K = Property, Kind

ASSERTION = Record(
    "assertion",
    "One comparison: both sides are rendered, then compared as texts or as numbers.",
    (
        _P("value", _K.TEXT, "The left side; for IN and NOTIN the list.", templated=True),
        _P("operator", _K.TEXT, "EQ, NE, GT, LT, GE, LE, REGEXP, NOTREGEXP, IN or NOTIN, in any case.", required=True),
        _P("expected", _K.TEXT, "The right side; for IN and NOTIN the item, for REGEXP the pattern.", templated=True),
        _P("list_separator", _K.TEXT, "What stands between the items of a list.", default=","),
        _P("message", _K.TEXT, "A note for the log; not rendered."),
    ),
)

CONDITION = Record(
    "condition",
    "When all assertions hold, states are given to steps.",
    (
        _P("type", _K.TEXT, "skip: before the action; check: after it.", required=True, choices=("skip", "check")),
        _P("if", _K.RECORDS, "All must hold; none: the condition is always met.", record="assertion"),
        _P("then", _K.TEXT_BY_NAME, "A state for each step named; this: the step itself."),
        _P("final", _K.FLAG, "If met, the step's further conditions of that type are not looked at."),
        _P(
            "foreach",
            _K.TEXT,
            "Whether a skip condition of a loop acts on each child or on the loop.",
            choices=("", "children", "parent"),
        ),
        _P("message", _K.TEXT, "Becomes the error text of the changed steps.", templated=True),
    ),
)

OUTPUT = Record(
    "output",
    "How the output of an action is reshaped.",
    (
        _P(
            "format",
            _K.ANY,
            "Laid under the output (merge), or put in its place (template).",
            templated=True,
            as_doubles=True,
        ),
        _P("strategy", _K.TEXT, "What is done with the format.", choices=("", "none", "merge", "template")),
    ),
)

ACTION = Record(
    "action",
    "What is called, with its configuration.",
    (
        _P("type", _K.TEXT, "Name of an action or of a function.", required=True),
        _P("base_configuration", _K.TEXT, "Name of a base configuration, laid under the configuration."),
        _P("configuration", _K.ANY, "What the action is given.", templated=True),
        _P("output", _K.RECORD, "How the output is reshaped.", record="output", nullable=True),
        _P("base_output", _K.ANY, "Old spelling of an output with strategy merge.", templated=True),
    ),
)

INPUT = Record(
    "input",
    "One value asked of the requester or of the resolver.",
    (
        _P("name", _K.TEXT, "How texts refer to it."),
        _P("description", _K.TEXT, "What the person who fills in the form reads."),
        _P("regex", _K.TEXT, "An RE2 pattern that must be found in the value.", nullable=True),
        _P("legal_values", _K.VALUES, "The only values that are accepted.", as_doubles=True),
        _P("collection", _K.FLAG, "A list of such values."),
        _P(
            "type",
            _K.TEXT,
            "What kind of value.",
            choices=("", "string", "password", "bool", "number"),
            default="string",
        ),
        _P("optional", _K.FLAG, "May be left out."),
        _P("default", _K.ANY, "Taken when left out.", as_doubles=True),
        _P("hidden", _K.FLAG, "Not offered in forms."),
    ),
)

VARIABLE = Record(
    "variable",
    "A named value, or the result of a JavaScript expression.",
    (
        _P("name", _K.TEXT, "How eval refers to it.", required=True),
        _P("expression", _K.TEXT, "JavaScript; the last statement's value counts, as text.", templated=True),
        _P("expression_timeout", _K.DURATION, "How long the expression may run.", default="10s"),
        _P("value", _K.ANY, "The value; a text is rendered.", templated=True, as_doubles=True),
    ),
)

_RETRY_PATTERN = ("", "seconds", "minutes", "hours")

STEP = Record(
    "step",
    "One node of the graph.",
    (
        _P("name", _K.TEXT, "Ignored: the key in steps counts."),
        _P("description", _K.TEXT, "What the step is for."),
        _P("idempotent", _K.FLAG, "May be repeated after a crash."),
        _P("action", _K.RECORD, "What the step does.", record="action", required=True),
        _P("pre_hook", _K.RECORD, "Run before the action, at each try.", record="action", nullable=True),
        _P("json_schema", _K.SCHEMA, "What the output must satisfy; drafts 4, 6 and 7."),
        _P("output", _K.RUN_TIME, ""),
        _P("metadata", _K.RUN_TIME, ""),
        _P("children", _K.RUN_TIME, ""),
        _P("error", _K.RUN_TIME, "", default=""),
        _P("state", _K.RUN_TIME, "", default=""),
        _P("retry_pattern", _K.TEXT, "How the time between tries grows.", choices=_RETRY_PATTERN, default="seconds"),
        _P("try_count", _K.RUN_TIME, "", default=0),
        _P("max_retries", _K.WHOLE, "Tries before the step is given up; 0: 10,000, negative: no limit."),
        _P("last_run", _K.RUN_TIME, "", default="0001-01-01T00:00:00Z"),
        _P("execution_delay", _K.DELAY, "A pause before the action, up to 20 s: 5s, or nanoseconds."),
        _P("timeout", _K.DURATION, "How long the action may take; 0: as long as it likes.", default="0"),
        _P("dependencies", _K.TEXTS, "Steps that must end first: step, step:STATE, step:STATE,STATE or step:ANY."),
        _P("custom_states", _K.TEXTS, "Further outcomes of this step, given by conditions."),
        _P(
            "conditions",
            _K.RECORDS,
            "When to skip the action, and what to make of its result.",
            record="condition",
            null_level=Level.ERROR,
        ),
        _P("foreach", _K.TEXT, "Renders to a JSON list; the step is run for each item.", templated=True),
        _P("foreach_strategy", _K.TEXT, "All items at once, or one by one.", choices=("", "parallel", "sequence")),
        _P("children_steps", _K.RUN_TIME, ""),
        _P("children_steps_map", _K.RUN_TIME, ""),
        _P("item", _K.RUN_TIME, ""),
        _P("resources", _K.TEXTS, "Names of limits that the step counts against, besides those of its action."),
        _P("tags", _K.RUN_TIME, ""),
    ),
)

TEMPLATE = Record(
    "template",
    "A task template.",
    (
        _P("name", _K.TEXT, "Identifier; made lower case.", required=True, shortest=3, longest=1000),
        _P("description", _K.TEXT, "One line, shown in lists.", required=True, shortest=3, longest=1000),
        _P("long_description", _K.TEXT, "Shown above the form.", shortest=3, longest=100_000, nullable=True),
        _P("doc_link", _K.TEXT, "Address of a documentation.", shortest=3, longest=1000, nullable=True),
        _P(
            "title_format",
            _K.TEXT,
            "Title of each task.",
            required=True,
            shortest=3,
            longest=1000,
            templated=True,
        ),
        _P(
            "result_format",
            _K.VALUE_BY_NAME,
            "Result of the task, rendered when it is done.",
            templated=True,
            as_doubles=True,
        ),
        _P("allowed_resolver_groups", _K.TEXTS, "Groups whose members may resolve the tasks."),
        _P("allowed_resolver_usernames", _K.TEXTS, "Users who may resolve the tasks."),
        _P("allow_all_resolver_usernames", _K.FLAG, "Everybody may resolve the tasks; needs auto_runnable."),
        _P("auto_runnable", _K.FLAG, "Run at once when the requester may resolve the task."),
        _P("blocked", _K.FLAG, "No task can be created."),
        _P("hidden", _K.FLAG, "Listed for administrators only."),
        _P("retry_max", _K.WHOLE, "Runs of a resolution before it is blocked.", default=100, nullable=True),
        _P("allow_task_start_over", _K.FLAG, "A task may be resolved anew from the start."),
        _P("region", _K.TEXT, "Only runners of this region execute the tasks; empty: any."),
        _P("inputs", _K.RECORDS, "Asked of the requester.", record="input"),
        _P("resolver_inputs", _K.RECORDS, "Asked of the resolver.", record="input"),
        _P("variables", _K.RECORDS, "Named values for the texts of this template.", record="variable"),
        _P("tags", _K.TEXT_BY_NAME, "Given to each task; the values are rendered.", templated=True),
        _P("steps", _K.RECORD_BY_NAME, "The graph of steps.", record="step"),
        _P("base_configurations", _K.VALUE_BY_NAME, "Configurations shared by several steps.", templated=True),
    ),
)

FUNCTION = Record(
    "function",
    "An action under a new name, with arguments.",
    (
        _P("name", _K.TEXT, "What a step writes as the type of its action.", required=True),
        _P("description", _K.TEXT, "What the function is for."),
        _P("action", _K.RECORD, "What the function calls.", record="action", required=True),
        _P("pre_hook", _K.RECORD, "Run before the action, at each try.", record="action", nullable=True),
        _P(
            "conditions",
            _K.RECORDS,
            "Looked at before the conditions of the step.",
            record="condition",
            null_level=Level.ERROR,
        ),
        _P("custom_states", _K.TEXTS, "Outcomes that its conditions may give."),
    ),
)

RECORDS: dict[str, Record] = {
    record.name: record for record in (TEMPLATE, FUNCTION, STEP, ACTION, OUTPUT, CONDITION, ASSERTION, INPUT, VARIABLE)
}

#: Names that older documents carry and that no longer mean anything, with what to do instead.
FORMER_NAMES: dict[tuple[str, str], str] = {
    ("template", "allowed_resolver_tokens"): "Remove it; allowed_resolver_usernames says who may resolve.",
}

#: Every operator of an assertion, in upper case.
OPERATORS: Sequence[str] = ("EQ", "NE", "GT", "LT", "GE", "LE", "REGEXP", "NOTREGEXP", "IN", "NOTIN")
