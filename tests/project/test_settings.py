"""Settings from the environment: safe without any, the original's names understood, production without a warning."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings as own_settings

SHOW = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def run(tmp_path, *arguments, **environ):
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("UTASK_", "DJANGO_", "DATABASE"))
    }
    clean |= {"DJANGO_SETTINGS_MODULE": "utask_project.settings", "UTASK_VAR": str(tmp_path / "var"), **environ}
    return subprocess.run(
        [sys.executable, *arguments], env=clean, cwd=own_settings.BASE_DIR, capture_output=True, text=True, timeout=120
    )


def read(tmp_path, *names, **environ):
    done = run(tmp_path, "-c", SHOW, *names, **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_anything_set_the_defaults_are_safe(tmp_path):
    names = ("DEBUG", "PORT", "UTASK_BIND", "ALLOWED_HOSTS", "DATABASES", "SECRET_KEY")
    found = read(tmp_path, *names)
    assert found["DEBUG"] is False
    assert (found["PORT"], found["UTASK_BIND"]) == (8081, "127.0.0.1")
    assert "*" not in found["ALLOWED_HOSTS"]
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "var" / "utask.sqlite3")
    assert len(found["SECRET_KEY"]) >= 50
    assert read(tmp_path, *names) == found


ORIGINAL = {
    "SERVER_PORT": "9000",
    "REGION": "eu",
    "MAINTENANCE_MODE": "T",
    "DEBUG": "1",
    "LOGS_FORMAT": "gelf",
    "TEMPLATES": "/a:/b",
    "FUNCTIONS": "/f",
    "SCRIPTS": "/s",
    "PLUGINS": "/p",
    "INIT": "/i",
}


def test_the_originals_variables_are_understood(tmp_path):
    paths = [f"UTASK_{name}_PATH" for name in ("TEMPLATES", "FUNCTIONS", "SCRIPTS", "ACTIONS", "INIT")]
    found = read(tmp_path, "PORT", "UTASK_REGION", "UTASK_MAINTENANCE", "DEBUG", "UTASK_LOG_FORMAT", *paths, **ORIGINAL)
    assert [found[path][1:] for path in paths] == [["/a", "/b"], ["/f"], ["/s"], ["/p"], ["/i"]]
    assert [found[name] for name in ("PORT", "UTASK_REGION", "UTASK_MAINTENANCE", "DEBUG", "UTASK_LOG_FORMAT")] == [
        9000,
        "eu",
        True,
        True,
        "gelf",
    ]


def test_our_name_wins_and_an_empty_variable_counts_as_absent(tmp_path):
    found = read(
        tmp_path, "PORT", "DEBUG", "UTASK_REGION", PORT="9001", SERVER_PORT="9000", DEBUG="yes", UTASK_REGION=""
    )
    assert found == {"PORT": 9001, "DEBUG": False, "UTASK_REGION": "default"}


@pytest.mark.parametrize(
    ("text", "found"),
    [("", None), ("none", []), ("10.0.0.0/8, fd00::/8,192.0.2.1", ["10.0.0.0/8", "fd00::/8", "192.0.2.1"])],
)
def test_networks_are_denied_by_a_list_by_none_or_by_default(tmp_path, text, found):
    assert read(tmp_path, "UTASK_DENIED_NETWORKS", UTASK_DENIED_NETWORKS=text) == {"UTASK_DENIED_NETWORKS": found}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORT": "0"}, "PORT: must be a whole number from 1 to 65535"),
        ({"SERVER_PORT": "abc"}, "PORT: must be a whole number"),
        ({"PORT": "65536"}, "PORT: must be a whole number"),
        ({"LOGS_FORMAT": "xml"}, "must be one of text, json, gelf"),
        ({"UTASK_WORKERS": "0"}, "UTASK_WORKERS: must be a whole number from 1"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL"),
        ({"UTASK_DENIED_NETWORKS": "10.0.0.0/8,10.0/33"}, "UTASK_DENIED_NETWORKS: 10.0/33 is no network"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path, environ, words):
    done = run(tmp_path, "manage.py", "check", **environ)
    assert done.returncode != 0
    assert words in done.stderr


def test_the_database_may_stand_in_the_original_configuration(tmp_path):
    environ = {
        "CONFIGURATION_FROM": "env:UT",
        "UT_UTASK_CFG": json.dumps(
            {"admin_usernames": ["a"], "database_config": {"config_name": "pg-main", "conn_max_lifetime": 7}}
        ),
        "UT_PG_MAIN": "postgres://u:p@db/utask",
        "UT_DATABASE": "postgres://not/this",
    }
    found = read(tmp_path, "DATABASES", **environ)["DATABASES"]["default"]
    assert (found["HOST"], found["NAME"], found["CONN_MAX_AGE"]) == ("db", "utask", 7)
    assert (
        read(tmp_path, "DATABASES", **environ, DATABASE_URL="sqlite:////x/y")["DATABASES"]["default"]["NAME"] == "/x/y"
    )


def test_a_public_address_opens_the_door_for_its_name_alone(tmp_path):
    found = read(tmp_path, "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", UTASK_BASE_URL="https://utask.example.org:8443/")
    assert "utask.example.org" in found["ALLOWED_HOSTS"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://utask.example.org:8443"]


#: What docs/operating.md asks for behind https.
PRODUCTION = {
    "UTASK_HTTPS": "true",
    "UTASK_BASE_URL": "https://utask.example.org",
    "UTASK_ALLOWED_HOSTS": "utask.example.org",
}


def test_the_documented_production_environment_has_no_warning(tmp_path):
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_key_files_that_others_can_read_are_told(tmp_path):
    run(tmp_path, "manage.py", "check")
    (tmp_path / "var" / "encryption-key.json").chmod(0o644)
    assert "others can read it" in run(tmp_path, "manage.py", "check").stderr


def test_a_wrong_key_is_told_at_the_start_without_it(tmp_path):
    done = run(tmp_path, "manage.py", "check", UTASK_ENCRYPTION_KEYS="c0ffee")
    assert done.returncode != 0
    assert "incorrect length" in done.stderr
    assert "c0ffee" not in done.stderr


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"UTASK_ENCRYPTION_KEYS": "short"}, "incorrect length"),
        ({"CONFIGURATION_FROM": "env:UT", "UT_UTASK_CFG": "{}"}, "Admin user list can't be empty"),
    ],
)
def test_a_wsgi_server_does_not_come_up_with_a_wrong_configuration(tmp_path, environ, words):
    done = run(tmp_path, "-c", "import utask_project.wsgi", **environ)
    assert done.returncode != 0
    assert words in done.stderr


def test_help_works_whatever_the_configuration_is_like(tmp_path):
    done = run(tmp_path, "manage.py", "help", CONFIGURATION_FROM="vault", UTASK_ENCRYPTION_KEYS="short")
    assert done.returncode == 0
    assert "qcluster" in done.stdout
