"""What becomes of an action's output: plain JSON, laid out as the step and its functions declare, checked.

Source: docs/engine.md, "Outputs".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tasks.engine.gotemplate.golang import valid_text
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import float_text


class NotJSON(ValueError):
    """A value that JSON cannot hold."""


class TooLarge(ValueError):
    """A value whose JSON text is longer than allowed."""


@dataclass(slots=True)
class _Copy:
    """A walk over one value."""

    left: int

    def of(self, value: Any) -> Any:
        if isinstance(value, str):
            self._spend(len(value) + 2)
            return valid_text(value)
        if value is None or isinstance(value, bool):
            self._spend(4)
            return value
        if isinstance(value, JSONNumber):
            self._spend(len(value.text))
            return value
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, list | tuple):
            self._spend(2 + len(value))
            return [self.of(item) for item in value]
        return self._number(value)

    def _object(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        self._spend(2)
        copied = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotJSON(f"a key of an object must be a text, not {type(key).__name__}")
            self._spend(len(key) + 4)
            copied[valid_text(key)] = self.of(item)
        return copied

    def _number(self, value: Any) -> JSONNumber:
        if isinstance(value, int):
            text = str(int(value))
        elif isinstance(value, float) and math.isfinite(value):
            text = float_text(value)
        elif isinstance(value, Decimal) and value.is_finite():
            text = str(value).replace("E+", "e+").replace("E-", "e-")
        else:
            raise NotJSON(f"no JSON value: {type(value).__name__}")
        self._spend(len(text))
        return JSONNumber(text)

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise TooLarge


def plain_json(value: Any, max_bytes: int) -> Any:
    """A copy made of dict, list, str, bool, None and JSONNumber alone, as if it had been stored and read again.

    Raises NotJSON; TooLarge when its text would be longer than about ``max_bytes``.
    """
    try:
        return _Copy(max_bytes).of(value)
    except TooLarge:
        raise TooLarge(f"the output is larger than the {max_bytes:,} bytes allowed") from None
    except RecursionError:
        raise NotJSON("the value nests too deeply, or contains itself") from None


def merged(base: Any, output: Any) -> tuple[Any, str]:
    """The output laid over a rendered merge format, and a remark where something was lost.

    Top-level keys of the output replace; without output, the format; null as format changes nothing.
    Kept: an output that is no object is lost.
    """
    if base is None:
        return output, ""
    if output is None:
        return base, ""
    if not isinstance(output, Mapping):
        return base, "the output is no object, so the merge format replaced it"
    return {**base, **output}, ""
