"""What can be rung for. A topic is a family, or ``family:detail``; a bell listens to whole families."""

import re
from collections.abc import Iterable

#: A resolution may be claimed: it is new, due, woken, or given back.
RUNNABLE = "runnable"
#: A runner is told something about what it holds (pause, cancel); the detail is the runner's id.
ORDERS = "orders"
#: A django-q2 message waits.
JOB = "job"
#: Something a page shows has changed; the detail is a public id.
NEWS = "news"

_TOPIC = re.compile(r"([a-z0-9_]{1,40})(:[^\s:]{1,100})?", re.ASCII)


def family(topic: str) -> str:
    """The family of a topic. Raises ValueError for what is no topic."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise ValueError(f"{topic!r} is no topic: a word in lower case, perhaps with a colon and a detail")
    return found[1]


def families(topics: Iterable[str]) -> frozenset[str]:
    """The families of these topics."""
    return frozenset(family(topic) for topic in topics)
