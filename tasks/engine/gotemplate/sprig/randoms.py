"""What is different every time: random texts, numbers and bytes, shuffle, uuidv4. All from the system's own source."""

import base64
import secrets
import string
import uuid

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig import runes

FUNCTIONS: dict[str, Function] = {}

_DICE = secrets.SystemRandom()
_PRINTABLE = "".join(map(chr, range(32, 127)))


def _chosen(run: Run, alphabet: str, count: int) -> str:
    """So many characters of the alphabet; none for a negative count."""
    run.check_size(count)
    return "".join(_DICE.choices(alphabet, k=max(count, 0)))


@declare(FUNCTIONS, "randAlphaNum", "int", with_run=True)
def _letters_and_digits(run: Run, count: int) -> str:
    return _chosen(run, string.ascii_letters + string.digits, count)


@declare(FUNCTIONS, "randAlpha", "int", with_run=True)
def _letters(run: Run, count: int) -> str:
    return _chosen(run, string.ascii_letters, count)


@declare(FUNCTIONS, "randNumeric", "int", with_run=True)
def _digits(run: Run, count: int) -> str:
    return _chosen(run, string.digits, count)


@declare(FUNCTIONS, "randAscii", "int", with_run=True)
def _printable(run: Run, count: int) -> str:
    """ASCII from the space to the tilde."""
    return _chosen(run, _PRINTABLE, count)


@declare(FUNCTIONS, "randBytes", "int", with_run=True)
def _bytes(run: Run, count: int) -> str:
    """So many bytes, in base64."""
    if count < 0:
        raise GoError("the number of bytes is negative")
    run.check_size(count)
    return base64.b64encode(secrets.token_bytes(count)).decode()


@declare(FUNCTIONS, "randInt", "int", "int")
def _int(low: int, high: int) -> int:
    """From ``low`` up to, and without, ``high``."""
    if low >= high:
        raise GoError(f"there is no integer from {low} up to {high}")
    return _DICE.randrange(low, high)


@declare(FUNCTIONS, "shuffle", "string")
def _shuffle(text: str) -> str:
    characters = list(map(runes.valid, text))
    _DICE.shuffle(characters)
    return "".join(characters)


@declare(FUNCTIONS, "uuidv4")
def _uuid() -> str:
    return str(uuid.uuid4())
