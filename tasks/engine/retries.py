"""When a failed step is tried again, and when no more. The clock is an argument; there is no dice."""

from datetime import timedelta
from typing import Final

from tasks.engine.definition import RetryPattern, StepDefinition
from tasks.engine.steps import Step

#: Tries after the first where the definition says 0 or nothing.
DEFAULT_MAX_RETRIES: Final = 10_000

_LIMIT_TEXT: Final = "Step reached max retries"


def retry_delay(pattern: RetryPattern, tries: int) -> timedelta:
    """Time to wait after the failed try number ``tries`` (1, 2, …) of one step.

    Grows with each try up to a cap: 10 minutes, 30 minutes or 3 hours by pattern.
    Source: docs/engine.md, "Retry delays".
    """
    match pattern:
        case RetryPattern.SECONDS:
            # The 20th power is past the cap; an endless retry would overflow a float.
            return min(timedelta(seconds=8 * 1.25 ** min(tries, 20)), timedelta(minutes=10))
        case RetryPattern.MINUTES:
            return min(timedelta(minutes=1.6 * tries), timedelta(minutes=30))
        case RetryPattern.HOURS:
            # Fixed: the original cuts every delay at one hour.
            return min(timedelta(hours=1, minutes=10 * (tries - 1)), timedelta(hours=3))


def delay_of(step: Step, pattern: RetryPattern) -> timedelta:
    """Time to wait at the end of a run for a step that is to be tried again.

    Rounds without a try count too, so that a skip condition or a loop that asks for a retry does not use up all runs
    at once. Source: docs/engine.md, "Retry delays".
    """
    return retry_delay(pattern, max(1, step.try_count + step.rounds))


def max_retries(definition: StepDefinition) -> int:
    """Tries after the first that a step may have; negative: no limit."""
    return definition.max_retries or DEFAULT_MAX_RETRIES


def is_used_up(step: Step) -> bool:
    """Whether the step may not be tried again. Source: docs/engine.md, "Retry delays"."""
    return 0 <= step.max_retries < step.try_count


def limit_error(step: Step) -> str:
    """The error of a step whose tries are used up: said once, in front of the error that came before."""
    if step.error.startswith(_LIMIT_TEXT):
        return step.error
    return f"{_LIMIT_TEXT} {step.max_retries}: {step.error}"
