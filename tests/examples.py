"""How many examples hypothesis tries: some in the suite, ten times as many where ``STORM=large``."""

import os

from hypothesis import settings


def examples(count: int) -> settings:
    """So many in the suite; an example may take its time."""
    return settings(max_examples=10 * count if os.environ.get("STORM") == "large" else count, deadline=None)
