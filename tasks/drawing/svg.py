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


def picture(content: str, /, *, title: str, span: tuple[float, float], role: str = "img", **more: object) -> str:
    """A whole picture with its title, for those who see it and those who hear it. ``span``: its own width and height.

    As wide as its place, unless ``more`` has a ``width`` and ``height``.
    """
    return element(
        "svg",
        f"<title>{escape(title)}</title>{content}",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {span[0]:.0f} {span[1]:.0f}",
        role=role,
        aria_label=title,
        **more,
    )


def text(words: str, /, **attributes: object) -> str:
    """A text element, its words escaped."""
    return element("text", escape(words) or " ", **attributes)


def shortened(words: str, letters: int) -> str:
    """The words, or their beginning and an ellipsis."""
    return words if len(words) <= letters else words[: letters - 1] + "…"


def _text(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
