"""Lists of integers: until, untilStep, and seq, which is a text."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import Ints
from tasks.engine.gotemplate.limits import Run

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "until", "int", with_run=True)
def _until(run: Run, count: int) -> Ints:
    return _counted(run, 0, count, -1 if count < 0 else 1)


@declare(FUNCTIONS, "untilStep", "int", "int", "int", with_run=True)
def _until_step(run: Run, start: int, stop: int, step: int) -> Ints:
    return _counted(run, start, stop, step)


@declare(FUNCTIONS, "seq", "int...", with_run=True)
def _sequence(run: Run, *bounds: int) -> str:
    """The numbers up to and with the last bound, as ``seq`` of the shell: end; start end; start step end."""
    match bounds:
        case (end,):
            start, step = 1, -1 if end < 1 else 1
        case (start, end):
            step = -1 if end < start else 1
        case (start, step, end) if end >= start or step <= 0:
            pass
        case _:
            return ""
    beyond = end - 1 if end < start else end + 1
    return " ".join(map(str, _counted(run, start, beyond, step)))


def _counted(run: Run, start: int, stop: int, step: int) -> Ints:
    """From ``start`` on in steps while ``stop`` is not reached; nothing when the step leads away from it."""
    if step == 0:
        return Ints()
    numbers = range(start, stop, step)
    # ``len`` of a range fails beyond 64 bits.
    run.check_elements(max(0, (stop - start + step - (1 if step > 0 else -1)) // step))
    return Ints(numbers)
