"""What a WSGI server is told to serve: ``utask_project.wsgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "utask_project.settings")
# The threads of a web process share a pool of database connections (settings.DATABASES).
os.environ.setdefault("UTASK_WEB_PROCESS", "true")

from django.core.wsgi import get_wsgi_application  # reads the settings, which read the line above

application = get_wsgi_application()

from tasks.apps import require_ready  # noqa: E402  # knows Django's settings once the application is made

require_ready()
