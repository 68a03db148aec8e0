"""Small pieces of SVG: escaped texts, elements, measures of letters."""

from html import escape

#: Width of an average letter at the pictures' 13 px, and of a wide one; enough to lay boxes out without a font.
LETTER = 7.2


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """One element; ``class_`` becomes ``class``, ``_`` in names ``-``; None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str, /, **attributes: object) -> str:
    """A text element, its words escaped."""
    return element("text", escape(words) or " ", **attributes)


def shortened(words: str, letters: int) -> str:
    """The words, or their beginning and an ellipsis."""
    return words if len(words) <= letters else words[: letters - 1] + "…"


def _text(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
