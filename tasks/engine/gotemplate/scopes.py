"""Variables: which place of the frame a name means at each point of a text.

Go looks names up on a stack at run time; here that is done once, before. One case is left to the run: a declaration in
an argument that ``and`` or ``or`` may never evaluate. Its slot is ``UNSET`` then, and the name means the one before.
Source: docs/template-language.md, "Variables".
"""

from tasks.engine.gotemplate.frames import FIRST_SLOT, ROOT, Frame, Piece

UNSET = object()


class Scope:
    """The variables of one template while it is compiled."""

    def __init__(self) -> None:
        self.slots = FIRST_SLOT
        self._visible: list[tuple[str, int, bool]] = [("$", ROOT, True)]

    def mark(self) -> int:
        """Remember what is visible, for ``restore``."""
        return len(self._visible)

    def restore(self, mark: int) -> None:
        del self._visible[mark:]

    def declare(self, name: str, certain: bool) -> int:
        """A new slot for the name. ``certain``: whatever comes after it runs only after it was set."""
        slot = self.slots
        self.slots += 1
        self._visible.append((name, slot, certain))
        return slot

    def slots_of(self, name: str) -> tuple[int, ...]:
        """Where to look for the name, in this order, until one is set; empty for a name that nothing declares."""
        found: list[int] = []
        for known, slot, certain in reversed(self._visible):
            if known == name:
                found.append(slot)
                if certain:
                    break
        return tuple(found)

    def certain_slot(self, name: str) -> int | None:
        """The slot that the name surely means; None where the run decides."""
        last = next(((slot, certain) for known, slot, certain in reversed(self._visible) if known == name), None)
        return last[0] if last is not None and last[1] else None


def reader(slots: tuple[int, ...]) -> Piece:
    """What reads a variable that may be in any of these slots; ``UNSET`` where it is in none."""

    def read(frame: Frame, dot: object) -> object:
        for slot in slots:
            if frame[slot] is not UNSET:
                return frame[slot]
        return UNSET

    return read


def set_variable(frame: Frame, slots: tuple[int, ...], value: object) -> bool:
    """Put a value into the variable that the name means now; False where it was never declared."""
    for slot in slots:
        if frame[slot] is not UNSET:
            frame[slot] = value
            return True
    return False
