"""The product's settings with quick passwords, and the functions that ship from a folder where mail has its port."""

import os
from pathlib import Path

from utask_project.settings import *  # noqa: F403

UTASK_FUNCTIONS_PATH = [Path(os.environ["STORIES_FUNCTIONS"])]
# The real hashers take half a second on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
