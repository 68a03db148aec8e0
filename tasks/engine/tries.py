"""Doing a job: pure functions of the job alone, so any thread may do them. See ``jobs.py`` for who calls what."""

from tasks.engine.events import JobEnded
from tasks.engine.jobs import Answer, Call, Job


def evaluate(job: Job) -> JobEnded:
    """Judge the conditions, or render the list, title or result, that ``job`` is about (``job.calls`` is false)."""
    raise ValueError(f"no evaluation: {job.kind}")


def prepare(job: Job) -> Call | JobEnded:
    """Render all that the action needs (``job.calls`` is true); a ``JobEnded`` (FATAL_ERROR) where that fails."""
    raise ValueError(f"no call: {job.kind}")


def finish(job: Job, call: Call, answer: Answer) -> JobEnded:
    """Classify the answer, lay the output out as declared, check its schema. Never raises for what an answer holds."""
    raise ValueError(f"no call: {job.kind}")
