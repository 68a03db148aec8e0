"""Who comes in, and who sees which page."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.authtoken.models import Token

from tasks.services import maintenance


def test_nobody_is_sent_to_the_login_page_and_back_to_where_he_wanted(visit):
    answer = visit("").client.get("/admin/tasks/?state=DONE")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/login/?next=/admin/tasks/%3Fstate%3DDONE"


def test_an_account_that_is_not_staff_logs_in(world):
    user = User.objects.get(username="req")
    user.set_password("open sesame")
    user.save()
    client = Client()
    answer = client.post("/admin/login/", {"username": "req", "password": "open sesame", "next": "/admin/tasks/"})
    assert answer.headers["Location"] == "/admin/tasks/"
    assert client.get("/admin/tasks/").status_code == 200


def test_a_wrong_password_is_refused_with_a_reason(world):
    page = Client().post("/admin/login/", {"username": "req", "password": "wrong"}).content.decode()
    assert 'role="alert"' in page
    assert "wrong" not in page


def test_an_account_that_is_shut_does_not_come_in(visit):
    visitor = visit("req")
    User.objects.filter(username="req").update(is_active=False)
    assert visitor.client.get("/admin/").status_code == 302


@pytest.mark.parametrize("path", ["auth/user/", "auth/group/", "authtoken/tokenproxy/", "auth/user/{key}/change/"])
def test_accounts_and_tokens_are_for_superusers(visit, path):
    path = path.format(key=User.objects.get(username="adm").pk)
    visit("adm").get(path)
    User.objects.filter(username="own").update(is_staff=True)
    assert visit("own").client.get(f"/admin/{path}").status_code in (403, 404)


def test_a_right_over_accounts_that_was_given_by_hand_does_not_count(visit):
    from django.contrib.auth.models import Permission

    User.objects.get(username="own").user_permissions.add(Permission.objects.get(codename="change_user"))
    key = User.objects.get(username="adm").pk
    assert visit("own").client.get(f"/admin/auth/user/{key}/change/").status_code == 403


@pytest.mark.parametrize("name", ["adm", "req", "own", "str"])
@pytest.mark.parametrize("path", ["", "tasks/", "new/", "new/dummy/"])
def test_pages_for_everybody_are_for_everybody(visit, name, path):
    visit(name).get(path)


def test_a_task_is_shown_to_those_whom_it_concerns(visit, make):
    task = make("owned")
    for name in ("adm", "req", "own"):
        visit(name).get(f"tasks/{task.public_id}/")
    page = visit("str").get(f"tasks/{task.public_id}/", status=403)
    assert "may not read the task" in page


def test_what_is_not_there_is_told_as_such(visit):
    page = visit("adm").get("tasks/7a7b4c5e-0000-4000-8000-000000000000/", status=404)
    assert "no such task" in page
    visit("adm").get("new/nothing/", status=404)


def test_in_maintenance_everything_is_read_and_nothing_written(visit, make, acting):
    task = make("dummy")
    maintenance.switch(acting("adm"), on=True)
    visitor = visit("req")
    assert "Maintenance" in visitor.get(f"tasks/{task.public_id}/")
    visitor.post(f"tasks/{task.public_id}/do/", status=503, deed="wontfix")
    visitor.post("new/dummy/", status=503, **{"in-id": "x"})
    task.refresh_from_db()
    assert task.state == "TODO"


def test_in_maintenance_accounts_groups_and_tokens_are_read_and_not_written(visit, acting):
    visitor, key = visit("adm"), User.objects.get(username="own").pk
    Token.objects.create(user=User.objects.get(username="own"), key="t" * 40)
    maintenance.switch(acting("adm"), on=True)
    before = list(User.objects.order_by("pk").values()), Group.objects.count(), Token.objects.count()
    for path, fields in (
        ("auth/user/add/", {"username": "new", "password1": "long enough 1", "password2": "long enough 1"}),
        (f"auth/user/{key}/change/", {"username": "renamed"}),
        (f"auth/user/{key}/password/", {"password1": "long enough 1", "password2": "long enough 1"}),
        (f"auth/user/{key}/delete/", {"post": "yes"}),
        ("auth/user/", {"action": "delete_selected", "_selected_action": key, "post": "yes"}),
        ("auth/group/add/", {"name": "new"}),
        ("authtoken/tokenproxy/add/", {"user": key}),
        (f"authtoken/tokenproxy/{key}/delete/", {"post": "yes"}),
        ("password_change/", {"old_password": "x", "new_password1": "y", "new_password2": "y"}),
    ):
        page = visitor.post(path, status=503, **fields).content.decode()
        assert "Nothing was changed" in page, path
    assert (list(User.objects.order_by("pk").values()), Group.objects.count(), Token.objects.count()) == before
    for path in ("auth/user/", f"auth/user/{key}/change/", "auth/group/", "authtoken/tokenproxy/"):
        visitor.get(path)
    maintenance.switch(acting("adm"), on=False)
    visitor.post("auth/group/add/", name="new")
    assert Group.objects.filter(name="new").exists()


def test_in_maintenance_one_can_still_log_in_and_out(world, acting):
    user = User.objects.get(username="adm")
    user.set_password("open sesame")
    user.save()
    maintenance.switch(acting("adm"), on=True)
    client = Client()
    assert client.post("/admin/login/", {"username": "adm", "password": "open sesame"}).status_code == 302
    assert client.get("/admin/operations/").status_code == 200
    assert client.post("/admin/logout/").status_code in (200, 302)
    assert client.get("/admin/operations/").status_code == 302


def test_every_page_has_the_strict_policy(visit, make):
    task = make("dummy")
    client = visit("adm").client
    for path in ("", "tasks/", "new/", f"tasks/{task.public_id}/", "auth/user/"):
        answer = client.get(f"/admin/{path}")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        text = answer.content.decode()
        assert "<style" not in text
        assert "style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
