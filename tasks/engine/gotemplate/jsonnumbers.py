"""A number of a JSON text that keeps its text: ``1.10`` and ``12345678901234567890`` stay as they were written.

``jsontext.py`` reads and writes them; every value of the product that was JSON once is made of them.
Source: docs/template-language.md, "Numbers".
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

#: Exponents up to here are expanded to a Python int; 10**400 is past every float, and past every id.
_LARGEST_EXPONENT = 400


class JSONNumber:
    """A number of a JSON text; it prints as it was written and computes with its value. Immutable.

    Two are equal when they have the same value (``1`` and ``1.0``, ``1e3`` and ``1000``). One is equal to an ``int`` of
    the same value and to the ``float`` that its text reads as; never to a bool, a text or a ``Decimal``
    (``decimal()`` is there for that). The hash agrees with all of these. It is not a ``str``, ``int`` or ``float``.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raise ValueError for what is no JSON number."""
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f"not a JSON number: {text[:40]!r}")
        self._text = text

    @property
    def text(self) -> str:
        """The number as it was written."""
        return self._text

    def decimal(self) -> Decimal:
        """The exact value. An exponent beyond 18 digits gives an infinity, or the least value where it is negative."""
        try:
            return Decimal(self._text)
        except InvalidOperation:
            sign = "-" if self._text.startswith("-") else ""
            mantissa, _, exponent = self._text.lower().partition("e")
            if not Decimal(mantissa):
                return Decimal(0)
            return Decimal(sign + ("1e-999999999999999999" if exponent.startswith("-") else "Infinity"))

    def is_integer(self) -> bool:
        """True for a whole value that can be had as ``int``: ``5``, ``5.0``, ``5e2``; false for ``1e999``."""
        return self.whole() is not None

    def whole(self) -> int | None:
        """The whole value; None when there is a fraction, or an exponent beyond 400."""
        text = self._text
        if len(text) < _LARGEST_EXPONENT and "." not in text and "e" not in text and "E" not in text:
            return int(text)
        value = self.decimal()
        if not value:
            return 0
        if (
            not value.is_finite()
            or not 0 <= value.adjusted() <= _LARGEST_EXPONENT
            or value != value.to_integral_value()
        ):
            return None
        return int(value)

    def __int__(self) -> int:
        """The whole value; ValueError when there is a fraction, or an exponent beyond 400."""
        whole = self.whole()
        if whole is None:
            raise ValueError(f"not a whole number: {self._text[:40]}")
        return whole

    def __float__(self) -> float:
        """The nearest float; an infinity beyond its range."""
        return float(self._text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"JSONNumber({self._text!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, JSONNumber):
            return self._text == other._text or self.decimal() == other.decimal()
        if isinstance(other, bool):
            return False
        if isinstance(other, int):
            return self.whole() == other
        if isinstance(other, float):
            return float(self._text) == other
        return NotImplemented

    def __hash__(self) -> int:
        whole = self.whole()
        return hash(float(self._text)) if whole is None else hash(whole)

    def __reduce__(self) -> tuple[Callable[[str], "JSONNumber"], tuple[str]]:
        return JSONNumber, (self._text,)

    def __copy__(self) -> "JSONNumber":
        return self

    def __deepcopy__(self, memo: object) -> "JSONNumber":
        return self

    @classmethod
    def trusted(cls, text: str) -> "JSONNumber":
        """The number of a text that a JSON scanner has already found to be one."""
        number = _new(cls)
        number._text = text
        return number


_new = JSONNumber.__new__
