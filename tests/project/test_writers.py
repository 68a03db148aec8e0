"""Many who write at once: none fails with 'database is locked', nothing is lost, and nobody keeps the turn."""

import fcntl
import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(number, work):
    """Run ``work(index)`` in so many threads; the errors of all."""
    errors: list[BaseException] = []

    def guarded(index):
        try:
            work(index)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_read_then_write_transactions_of_many_threads_all_succeed_and_lose_nothing():
    counter = Group.objects.create(name="0")

    def add_one(_index):
        for _ in range(20):
            with transaction.atomic():
                found = Group.objects.select_for_update().get(pk=counter.pk)
                found.name = str(int(found.name) + 1)
                found.save(update_fields=["name"])

    assert in_threads(8, add_one) == []
    assert Group.objects.get(pk=counter.pk).name == "160"


def test_single_writes_of_many_threads_all_succeed():
    def write(index):
        for turn in range(20):
            Group.objects.create(name=f"{index}.{turn}")

    assert in_threads(8, write) == []
    assert Group.objects.count() == 160


def test_a_failed_transaction_lets_the_next_writer_in():
    def fail_then_write(index):
        try:
            with transaction.atomic():
                Group.objects.create(name=f"rolled back {index}")
                raise KeyError
        except KeyError:
            Group.objects.create(name=f"kept {index}")

    assert in_threads(4, fail_then_write) == []
    assert sorted(Group.objects.values_list("name", flat=True)) == [f"kept {index}" for index in range(4)]


def test_a_connection_closed_in_a_transaction_lets_the_next_writer_in():
    def close_inside(index):
        with transaction.atomic():
            Group.objects.create(name=f"never {index}")
            connection.close()

    assert in_threads(2, close_inside) == []
    Group.objects.create(name="after")
    assert list(Group.objects.values_list("name", flat=True)) == ["after"]


def test_a_savepoint_rolls_back_alone():
    with transaction.atomic():
        Group.objects.create(name="outer")
        try:
            with transaction.atomic():
                Group.objects.create(name="inner")
                raise KeyError
        except KeyError:
            pass
    assert list(Group.objects.values_list("name", flat=True)) == ["outer"]


@pytest.mark.sqlite
def test_the_turn_to_write_is_held_from_begin_to_commit_and_not_by_a_reader():
    def turn_is_free():
        with open(f"{connection.settings_dict['NAME']}.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with transaction.atomic():
        assert not turn_is_free()
        with transaction.atomic():
            assert not turn_is_free()
        assert not turn_is_free()
    assert turn_is_free()
    Group.objects.create(name="a single write")
    assert turn_is_free()
    assert list(Group.objects.values_list("name", flat=True).iterator()) == ["a single write"]
    assert turn_is_free()


@pytest.mark.sqlite
def test_the_database_is_opened_as_the_settings_say():
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
    assert connection.transaction_mode == "IMMEDIATE"
