"""Django's own pages, as far as they are ours."""

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token


def test_the_list_of_tokens_shows_whose_they_are_and_none_of_them_whole(visit):
    token = Token.objects.create(user=User.objects.get(username="req"))
    page = visit("adm").get("authtoken/tokenproxy/")
    assert f"/admin/authtoken/tokenproxy/{token.user_id}/change/" in page
    assert f"{token.key[:4]}…" in page
    assert token.key not in page


def test_lists_are_called_by_what_is_in_them(visit):
    visitor = visit("adm")
    for path, called in (("auth/user/", "Users"), ("auth/group/", "Groups"), ("authtoken/tokenproxy/", "Tokens")):
        assert f"<h1>{called}</h1>" in visitor.get(path)


def test_users_are_searched_and_found(visit):
    page = visit("adm").get("auth/user/?q=req")
    assert ">req</a>" in page
    assert ">own</a>" not in page
    assert 'name="q" value="req"' in page
