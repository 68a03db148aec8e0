"""Secrets that are made once: by one of many, for its owner alone."""

import multiprocessing

import pytest
from django.core.exceptions import ImproperlyConfigured

from tasks.crypto.kept import kept


def test_the_first_makes_it_and_all_get_the_same(tmp_path):
    path = tmp_path / "var" / "secret"
    assert kept(path, lambda: "first") == "first"
    assert kept(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def keep(path, number, barrier, results):
    barrier.wait()
    results.put(kept(path, lambda: f"made by {number}"))


def test_of_many_that_start_at_once_one_makes_it(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(8), context.Queue()
    makers = [context.Process(target=keep, args=(tmp_path / "secret", n, barrier, results)) for n in range(8)]
    for maker in makers:
        maker.start()
    found = {results.get(timeout=60) for _ in makers}
    for maker in makers:
        maker.join()
    assert found == {(tmp_path / "secret").read_text().strip()}
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_an_empty_file_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "secret").touch()
    with pytest.raises(ImproperlyConfigured, match="restore it from a backup"):
        kept(tmp_path / "secret", lambda: "new")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="UTASK_VAR"):
        kept(tmp_path / "file" / "secret", lambda: "new")
