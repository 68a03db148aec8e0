"""Start-up: where storage keys come from, and what is checked before anything runs.

Django runs the checks at every command; ``require_ready`` runs them where no command does (a WSGI server). Each says
how to mend what it finds. Nothing is read before it is needed: ``manage.py help`` works with a broken configuration.
"""

import json
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from tasks.config.current import configuration
from tasks.crypto import compression, kept, keyring
from tasks.crypto.errors import KeyringError
from tasks.telemetry import traces


class TasksConfig(AppConfig):
    """The one Django app."""

    name = "tasks"
    verbose_name = "µTask"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say where the storage keys are and what new values are compressed by, and register the checks."""
        keyring.use_source(storage_keys)
        compression.use_source(lambda: configuration().cfg.steps_compression_algorithm)
        # Django's models, which plugins may use, are known by now.
        from tasks import plugins
        from tasks.services import logins

        plugins.load()
        logins.connect()
        checks.register(check_plugins)
        checks.register(check_actions)
        checks.register(check_traces)
        checks.register(check_configuration)
        checks.register(check_storage_keys, checks.Tags.security)
        checks.register(check_stored_keys, checks.Tags.database)


def storage_keys() -> list[keyring.Key]:
    """Keys of the storage, the writing one first: of the environment, of the items, then of the generated file.

    The file is made where nothing else names a key, and read as long as it exists. Raises KeyringError.
    """
    keys = keyring.read_list(settings.UTASK_ENCRYPTION_KEYS)
    items = [keyring.read_item(item.value) for item in configuration().items.all("encryption-key")]
    keys += keyring.order_items([key for key in items if key is not None])
    file = settings.UTASK_ENCRYPTION_KEY_FILE
    if not keys or file.exists():
        key = keyring.read_item(kept.kept(file, _new_key))
        if key is None:
            raise KeyringError(f"{file}: identifier must be '{keyring.IDENTIFIER}'")
        keys.append(key)
    return keys


def _new_key() -> str:
    """A new key in the form of an ``encryption-key`` item, so that it can be moved to the configuration as it is."""
    return json.dumps(
        {
            "identifier": keyring.IDENTIFIER,
            "cipher": "aes-gcm",
            "timestamp": int(time.time()),
            "key": secrets.token_hex(32),
        }
    )


def check_configuration(**_: Any) -> list[checks.CheckMessage]:
    """Every mistake of the configuration items, and what nothing reads or should not be used in production."""
    current = configuration()
    found: list[checks.CheckMessage] = [checks.Error(str(mistake), id="utask.E001") for mistake in current.mistakes]
    found += [checks.Warning(str(warning), id="utask.W001") for warning in current.warnings]
    if current.basic_auth:
        found.append(
            checks.Warning(
                "basic-auth: passwords stand in the configuration; anybody who reads it can act as these users",
                hint="Make Django users instead (manage.py createsuperuser), or keep hashes of passwords in the item.",
                id="utask.W002",
            )
        )
    return found


def check_plugins(**_: Any) -> list[checks.CheckMessage]:
    """Every init plugin that failed, with its file and line."""
    from tasks import plugins

    hint = "Mend the plugin, or move it out of the folders of UTASK_INIT_PATH."
    return [checks.Error(f"init plugin {problem}", hint, id="utask.E003") for problem in plugins.problems()]


def check_actions(**_: Any) -> list[checks.CheckMessage]:
    """Every source of actions that could not be used; the others are."""
    from tasks.services.catalog import registry

    hint = "Templates that use its actions are refused until it is mended."
    return [checks.Warning(f"action {problem}", hint, id="utask.W004") for problem in registry().problems]


def check_traces(**_: Any) -> list[checks.CheckMessage]:
    """Whether traces that are wanted can be sent."""
    if not traces.is_wanted() or traces.is_installed():
        return []
    hint = "pip install -r requirements-traces.txt"
    return [checks.Warning("traces are configured, but their packages are missing", hint, id="utask.W005")]


def check_storage_keys(**_: Any) -> list[checks.CheckMessage]:
    """Whether the storage keys can be read, and by their owner alone."""
    try:
        keyring.keyring()
    except (KeyringError, ImproperlyConfigured) as error:
        hint = "Name the keys in UTASK_ENCRYPTION_KEYS or in encryption-key items, or let one be made in UTASK_VAR."
        return [checks.Error(str(error), hint=hint, id="utask.E002")]
    return list(_open_to_others())


def check_stored_keys(*, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Whether every key that values of the database need is configured. Only where the database is to be asked."""
    if "default" not in (databases or ()):
        return []
    # Django's models can be imported only once all apps are known.
    from tasks.services.key_usage import missing_keys

    if "tasks_setting" not in connections["default"].introspection.table_names():
        return []  # not migrated yet: nothing is stored
    hint = "Add the key to the encryption keys; an older key stays readable behind the newest."
    return [
        checks.Error(f"{count} stored values need encryption key {key}, which is not configured", hint, id="utask.E004")
        for key, count in missing_keys().items()
    ]


def _open_to_others() -> Iterator[checks.CheckMessage]:
    for path in (settings.UTASK_ENCRYPTION_KEY_FILE, settings.UTASK_VAR / "secret-key"):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield checks.Warning(f"{path}: others can read it", hint=f"chmod 600 {path}", id="utask.W003")


def require_ready() -> None:
    """Raises ConfigurationError, KeyringError or ImproperlyConfigured where the service could not work as it is."""
    from tasks import plugins

    if plugins.problems():
        raise ImproperlyConfigured("; ".join(f"init plugin {problem}" for problem in plugins.problems()))
    configuration().require_no_mistakes()
    keyring.keyring()
