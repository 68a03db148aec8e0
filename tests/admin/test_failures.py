"""Pages where no page could answer."""

import pytest
from django.db import OperationalError
from django.test import Client

from tasks.services import task_lists


@pytest.fixture
def fails(monkeypatch):
    """Have the list of tasks fail in this way."""

    def fail_with(error):
        def raise_it(*args, **kwargs):
            raise error

        monkeypatch.setattr(task_lists, "page_of_tasks", raise_it)

    return fail_with


@pytest.mark.parametrize("path", ["nothing/", "tasks/none-of-them/", "nothing/at/all/"])
def test_an_address_that_is_none_is_told_in_the_frame_of_all_pages(visit, path):
    page = visit("req").get(path, status=404)
    assert "There is nothing at this address" in page
    assert 'aria-label="Sections"' in page


def test_an_address_that_is_none_tells_a_stranger_nothing(visit):
    assert visit("").client.get("/admin/nothing/").headers["Location"] == "/admin/login/?next=/admin/nothing/"


def test_a_page_of_accounts_says_whom_it_is_for(visit):
    assert "This page is for superusers" in visit("req").get("auth/user/", status=403)


def test_a_form_from_before_the_log_in_says_that_nothing_was_done(world):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/admin/login/", {"username": "req", "password": "x"})
    assert answer.status_code == 403
    assert "Nothing was done" in answer.content.decode()


def test_a_name_that_is_not_ours_says_where_it_would_be_named(db):
    answer = Client(headers={"host": "elsewhere.example"}).get("/admin/login/")
    assert answer.status_code == 400
    assert "UTASK_ALLOWED_HOSTS" in answer.content.decode()


def test_what_went_wrong_is_in_the_log_and_not_on_the_page(visit, fails):
    fails(RuntimeError("the password is swordfish"))
    visitor = visit("req")
    visitor.client.raise_request_exception = False
    page = visitor.get("tasks/", status=500)
    assert "Something went wrong" in page
    assert "swordfish" not in page


def test_a_database_that_is_away_is_told_as_such(visit, fails):
    fails(OperationalError("could not connect"))
    visitor = visit("req")
    visitor.client.raise_request_exception = False
    answer = visitor.client.get("/admin/tasks/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "database cannot be reached" in answer.content.decode()
