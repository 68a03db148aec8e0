"""docs/operating.md tells of every variable that the settings read, and of none that they do not."""

import re

from django.conf import settings

#: Set by wsgi.py for the settings, not by an operator.
INTERNAL = {"UTASK_WEB_PROCESS"}


def test_every_variable_is_documented_and_every_documented_one_is_read():
    root = settings.BASE_DIR
    readers = [root / "utask_project" / "settings.py", root / "tasks" / "management" / "commands" / "up.py"]
    read = {name for path in readers for name in re.findall(r'"(UTASK_[A-Z_]+)"', path.read_text())}
    page = (root / "docs" / "operating.md").read_text()
    table = page.partition("## Environment")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(UTASK_[A-Z_]+)`", table)) == read - INTERNAL
