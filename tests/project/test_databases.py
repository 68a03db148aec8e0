"""Addresses of databases, as settings and as an ``database`` item have them."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from utask_project.databases import settings_of


def read(address, tmp_path, pool_size=0, lifetime_seconds=60):
    return settings_of(
        address,
        default_sqlite=tmp_path / "default.sqlite3",
        lifetime_seconds=lifetime_seconds,
        pool_size=pool_size,
    )


@pytest.mark.parametrize(
    "address",
    [
        "postgres://u:p%40ss@db.internal:5433/utask?sslmode=verify-full",
        "postgresql://u:p%40ss@db.internal:5433/utask?sslmode=verify-full",
        "user=u password=p@ss host=db.internal port=5433 dbname=utask sslmode=verify-full",
    ],
)
def test_postgresql_by_url_or_by_libpqs_own_form(address, tmp_path):
    found = read(address, tmp_path)
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("utask", "u", "p@ss")
    assert (found["HOST"], found["PORT"]) == ("db.internal", "5433")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["CONN_MAX_AGE"] == 60


def test_a_socket_folder_and_options_of_the_address_are_kept(tmp_path):
    found = read("postgresql://u@/utask?host=/run/pg&options=-c%20search_path%3Dx", tmp_path)
    assert found["HOST"] == "/run/pg"
    assert found["OPTIONS"]["options"].endswith("-c search_path=x")
    assert "client_connection_check_interval" in found["OPTIONS"]["options"]


def test_a_web_process_has_a_pool_and_keeps_no_connection_for_a_thread(tmp_path):
    found = read("postgresql:///utask", tmp_path, pool_size=7)
    assert found["OPTIONS"]["pool"]["max_size"] == 7
    assert "CONN_MAX_AGE" not in found


def test_no_limit_of_life_means_for_ever(tmp_path):
    assert read("postgresql:///utask", tmp_path, lifetime_seconds=0)["CONN_MAX_AGE"] is None


@pytest.mark.parametrize(
    ("address", "file"), [("", "default.sqlite3"), ("sqlite:///{}/own%20name.sqlite3", "own name.sqlite3")]
)
def test_sqlite_by_path_or_by_default(address, file, tmp_path):
    found = read(address.format(tmp_path), tmp_path)
    assert found["NAME"] == str(tmp_path / file)
    assert found["ENGINE"] == "utask_project.sqlite"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    "address",
    ["mysql://root:hunter2@db/utask", "hunter2", "sqlite:///", "postgresql://"],
)
def test_what_is_no_address_is_refused_without_repeating_it(address, tmp_path):
    with pytest.raises(ImproperlyConfigured) as caught:
        read(address, tmp_path)
    assert "hunter2" not in str(caught.value)
