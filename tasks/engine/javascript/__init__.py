"""JavaScript expressions of variables: one expression in, its value as text out, whatever the expression does.

Each runs in an isolate of its own (V8 by mini-racer), in a child process that is killed when time or memory run out:
in our own process a hostile expression could end the worker, since V8 aborts when it finds no memory, and some of its
built-in functions hear of no timeout. ``pool.py`` keeps the children, ``interpreter.py`` is what runs in them.
"""

from collections.abc import Mapping
from datetime import timedelta

from tasks.engine.gotemplate.golang import valid_text

from .errors import JavaScriptError, Reason
from .offering import offered_names
from .pool import run, run_check

__all__ = ["JavaScriptError", "Reason", "check_syntax", "evaluate"]

#: How long an expression may take where nothing else is said.
DEFAULT_TIMEOUT = timedelta(seconds=10)


def evaluate(expression: str, timeout: timedelta = DEFAULT_TIMEOUT, data: Mapping[str, object] | None = None) -> str:
    """The value of the expression's last statement, as JavaScript converts it to text.

    Names of ``data`` that occur in the expression (``input``, ``step``…) are there as frozen copies. Nothing is left
    behind for the next expression. Waiting for a free interpreter does not count as time; a ``timeout`` of zero or less
    is over at once.

    Raises JavaScriptError; its ``reason`` tells a syntax error, an exception, a timeout and memory apart.
    Source: docs/templates.md, "Variables".
    """
    source = valid_text(expression)
    if timeout <= timedelta(0):
        raise JavaScriptError(Reason.TIMEOUT, "it was given no time to run")
    return run(source, timeout.total_seconds(), offered_names(source, data or {}))


def check_syntax(expression: str) -> None:
    """Raise JavaScriptError (reason SYNTAX) where the expression can never run. Nothing of it is run."""
    run_check(valid_text(expression))
