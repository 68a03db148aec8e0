"""What browsers are told: every page has the strict policy, and none needs more than it allows."""

import re

import pytest
from django.contrib.auth.models import User

from utask_project.headers import POLICY


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/nowhere", "/unsecured/mon/ping"])
def test_every_answer_carries_the_policy_and_django_s_own_headers(client, path):
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inside_a_page():
    assert "unsafe" not in POLICY
    assert re.findall(r"https?:|\*", POLICY) == []


@pytest.mark.django_db
def test_the_admins_own_page_has_no_script_or_style_inside(admin_client):
    page = admin_client.get("/admin/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.django_db
def test_a_session_is_kept_in_a_cookie_that_scripts_and_other_sites_do_not_get(client):
    User.objects.create_superuser("alice", password="correct horse")
    client.post("/admin/login/", {"username": "alice", "password": "correct horse", "next": "/admin/"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_static_files_are_served_from_where_they_lie(client):
    assert client.get("/static/favicon.svg").status_code == 200
    assert client.get("/static/admin/css/base.css").status_code == 200
