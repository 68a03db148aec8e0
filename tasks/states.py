"""The shared words: names of task, resolution and step states. Names only, no rule.

What the states mean and how they follow each other: docs/engine.md; the rules: ``tasks/engine/lifecycle.py``.
"""

from enum import StrEnum


class TaskState(StrEnum):
    TODO = "TODO"
    DELAYED = "DELAYED"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    BLOCKED = "BLOCKED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    WONTFIX = "WONTFIX"


class ResolutionState(StrEnum):
    TODO = "TODO"
    TO_AUTORUN = "TO_AUTORUN"
    TO_AUTORUN_DELAYED = "TO_AUTORUN_DELAYED"
    AUTORUNNING = "AUTORUNNING"
    RUNNING = "RUNNING"
    RETRY = "RETRY"
    ERROR = "ERROR"
    WAITING = "WAITING"
    CRASHED = "CRASHED"
    PAUSED = "PAUSED"
    BLOCKED_TOCHECK = "BLOCKED_TOCHECK"
    BLOCKED_BADREQUEST = "BLOCKED_BADREQUEST"
    BLOCKED_FATAL = "BLOCKED_FATAL"
    BLOCKED_DEADLOCK = "BLOCKED_DEADLOCK"
    BLOCKED_MAXRETRIES = "BLOCKED_MAXRETRIES"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class StepState(StrEnum):
    """The builtin states of a step. A template may add its own (``custom_states``), which are plain texts."""

    TODO = "TODO"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CLIENT_ERROR = "CLIENT_ERROR"
    SERVER_ERROR = "SERVER_ERROR"
    FATAL_ERROR = "FATAL_ERROR"
    CRASHED = "CRASHED"
    PRUNE = "PRUNE"
    TO_RETRY = "TO_RETRY"
    RETRY_NOW = "RETRY_NOW"
    AFTERRUN_ERROR = "AFTERRUN_ERROR"
    EXPANDED = "EXPANDED"


#: The wildcard of dependencies; reserved like a state, but never one.
ANY = "ANY"

#: Words that a template may not take as custom states of a step.
RESERVED_STEP_STATES: frozenset[str] = frozenset({*StepState, ANY})
