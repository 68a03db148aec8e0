"""Actions and functions with their documentation."""

import re

import yaml

from tasks.models import Function

FUNCTION = """
name: outer
action:
  type: greet
  configuration:
    name: "{{ .function_args.whom.name }}{{ .function_args.mark }}"
    more: '{{ default "" .function_args.more }}'
"""


def test_every_action_and_function_is_listed(visit):
    page = visit("str").get("actions/")
    for name in ("http", "echo", "subtask", "callback"):
        assert f'href="/admin/actions/{name}/"' in page
    assert 'href="/admin/functions/greet/"' in page
    assert "says hello</p>" in page


def test_an_action_tells_its_keys_those_within_them_and_its_metadata(visit):
    page = visit("str").get("actions/http/")
    assert "Makes one HTTP request" in page
    assert "GET, POST, PUT, DELETE, PATCH" in page
    assert "mutual_tls" in page
    assert "HTTPStatus" in page
    assert '"type": "object"' in page


def test_a_function_shows_its_text(visit):
    page = visit("str").get("functions/greet/")
    assert "says hello</p>" in page
    assert "name: greet" in page
    assert "echo" in page


def test_a_function_says_how_it_is_called_and_what_it_calls(visit):
    Function.objects.create(
        name="outer",
        source=FUNCTION,
        document='{"name": "outer", "action": {"type": "greet", "configuration": {}}}',
        file="outer.yaml",
    )
    page = visit("str").get("functions/outer/")
    call = re.search(r'<pre[^>]* id="call"[^>]*>(.*?)</pre>', page, re.S).group(1)
    assert yaml.safe_load(call) == {
        "action": {"type": "outer", "configuration": {"whom": {"name": "…"}, "mark": "…"}},
    }
    assert '<a class="mono" href="/admin/functions/greet/">greet</a>' in page
    assert '<a class="mono" href="/admin/actions/echo/">echo</a>' in visit("str").get("functions/greet/")


def test_what_does_not_exist_is_not_found(visit):
    assert "http" in visit("str").get("actions/htpp/", status=404)
    visit("str").get("functions/nowhere/", status=404)


def test_where_files_lie_is_told_to_nobody_but_administrators(visit):
    assert "/actions/http.py" not in visit("str").get("actions/http/")
