"""The places of an execution's frame, a plain list: the quickest thing that closures can share.

After these come the slots of the variables, numbered by ``scopes.py``.
"""

from collections.abc import Callable
from typing import Any, Final

Frame = list[Any]
#: A compiled piece of a text: what it does, or gives, for a frame and a dot.
Piece = Callable[[Frame, Any], Any]

#: The value of ``$``.
ROOT: Final = 0
#: Takes the next piece of the result.
WRITE: Final = 1
#: The ``Run``; None where nothing in the text needs one.
RUN: Final = 2
#: Together the lengths of what functions made so far, and how long that may become.
MADE: Final = 3
MEMORY: Final = 4
FIRST_SLOT: Final = 5
