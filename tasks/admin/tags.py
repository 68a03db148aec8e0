"""What templates of pages say in one word: a state, a moment, a span, a value. Load with ``{% load utask %}``."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from tasks.drawing import look_of
from tasks.drawing.timeline import readable
from tasks.models import TaskTag, clock
from tasks.services.values import encode, to_yaml

register = template.Library()


@register.simple_tag
def state(name: str, note: str = "") -> SafeString:
    """A state as colour, sign and word."""
    look = look_of(name)
    more = format_html(' <span class="note">{}</span>', note) if note else ""
    return format_html(
        '<span class="state {}"><span class="sign" aria-hidden="true">{}</span>{}{}</span>',
        look.family,
        look.sign,
        name,
        more,
    )


@register.filter
def family(name: str) -> str:
    """The class that colours a state."""
    return look_of(name).family


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """A moment, relative, exact when pointed at; a script keeps it fresh. "–" where there is none."""
    if at is None:
        return "–"
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        at.isoformat(timespec="milliseconds"),
        at.strftime("%Y-%m-%d %H:%M:%S"),
        ago(clock.now() - at),
    )


def ago(passed: timedelta) -> str:
    """A span as people say it: ``just now``, ``5 min ago``, ``in 3 h``."""
    seconds = abs(passed.total_seconds())
    for unit, size, least in (("d", 86400, 86400), ("h", 3600, 3600), ("min", 60, 60), ("s", 1, 5)):
        if seconds >= least:
            amount = f"{int(seconds // size)} {unit}"
            return f"{amount} ago" if passed > timedelta() else f"in {amount}"
    return "just now"


#: A moment as the runner writes it into a sentence.
_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


@register.filter
def timed(text: str) -> SafeString:
    """A sentence in which moments are written for people: the time of day, with its date where that is not today."""
    today = clock.now().date()
    parts: list[str] = []
    for number, part in enumerate(_MOMENT.split(str(text))):
        at = datetime.fromisoformat(part) if number % 2 else None
        if at is None:
            parts.append(conditional_escape(part))
        else:
            shown = at.strftime("%H:%M:%S UTC" if at.date() == today else "%Y-%m-%d %H:%M UTC")
            parts.append(format_html('<span class="nowrap">{}</span>', shown))
    return format_html_join("", "{}", ((part,) for part in parts))


@register.filter
def of_people(tags: Iterable[TaskTag]) -> list[TaskTag]:
    """Tags without those that the engine sets for itself."""
    return [tag for tag in tags if not tag.key.startswith("_utask_")]


@register.filter
def span(value: timedelta | None) -> str:
    """How long something took."""
    return "" if value is None else readable(value)


@register.filter
def yaml(value: Any) -> str:
    """A value as YAML."""
    return to_yaml(value)


@register.filter
def plain(value: Any) -> str:
    """A short value for a line: texts as they are, anything else as JSON."""
    return value if isinstance(value, str) else encode(value)


@register.filter
def explained(detail: Any) -> str:
    """What a journal's entry tells: the reason as it was written, then what was changed."""
    if not isinstance(detail, dict) or "reason" not in detail:
        return plain(detail)
    rest = {name: value for name, value in detail.items() if name != "reason"}
    return f"{plain(detail['reason'])} {encode(rest)}" if rest else plain(detail["reason"])


@register.filter
def indented(value: Any) -> str:
    """A value as JSON over several lines."""
    return encode(value, indent=2)


@register.filter
def ticked(value: str) -> SafeString:
    """A text whose words between back-ticks are code."""
    parts = enumerate(str(value).split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in parts)
    )


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The query of this address with these parameters changed; None or "" takes one out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in (None, ""):
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"
