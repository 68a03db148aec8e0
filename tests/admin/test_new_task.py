"""New task: the gallery, the generated form, what is told at a field, the call that would do the same."""

import json
import re
import shlex
from html import unescape

import pytest

from tasks.engine.gotemplate import loads
from tasks.models import Task

WHOLE = {"in-text": "abc", "in-pass": "hunter2", "in-number": "2.50", "in-flag": "true", "in-choice": '"green"'}


def field_of(page, label):
    """The HTML of the field with this label."""
    parts = re.split(r'<(?:div|fieldset) class="field"', page)
    return next(part for part in parts if re.search(rf"<(?:label|legend)[^>]*>{label}", part))


def test_the_gallery_shows_what_can_be_asked_for(visit):
    page = visit("req").get("new/")
    assert '/admin/new/dummy/"' in page
    assert "not shown" not in page
    assert "not shown" in visit("adm").get("new/")
    assert "/admin/new/blocked/" not in page
    assert "no task can be made of it" in page


def test_a_form_has_a_field_for_each_input_but_the_hidden_ones(visit):
    page = visit("req").get("new/asks/")
    assert "Out of sight" not in page
    assert 'data-regex="^[a-z]+$"' in field_of(page, "A text")
    assert 'type="password"' in field_of(page, "A password")
    assert 'type="number" step="any" value="1"' in field_of(page, "A number")
    assert "not said" in field_of(page, "Yes or no")
    assert re.findall(r'<option value=""(\w+)""', field_of(page, "One of them")) == ["red", "green"]
    assert "data-add" in field_of(page, "Several")
    assert 'title="required"' in field_of(page, "A text")
    assert 'title="required"' not in field_of(page, "Several")


def test_a_task_is_made_of_what_was_given(visit):
    fields = WHOLE | {"in-many": ["1", "", "2.0"], "comment": "be quick", "tag_keys": ["a"], "tag_values": ["b"]}
    answer = visit("req").post("new/asks/", **fields, watcher_usernames=["wat", ""], delay="5m")
    task = Task.objects.get()
    assert answer.headers["Location"] == f"/admin/tasks/{task.public_id}/"
    given = loads(task.input)
    assert {name: str(value) for name, value in given.items() if name != "many"} == {
        "text": "abc",
        "pass": "hunter2",
        "number": "2.50",
        "flag": "True",
        "choice": "green",
        "kept": "kept",
    }
    assert [str(number) for number in given["many"]] == ["1", "2.0"]
    assert task.tag_map() == {"a": "b"}
    assert [member.name for member in task.members.all()] == ["wat"]
    assert task.comments.get().content == "be quick"
    assert task.delay_ns == 300 * 10**9


@pytest.mark.parametrize(
    ("changed", "label", "told"),
    [
        ({"in-text": ""}, "A text", "required"),
        ({"in-text": "ABC"}, "A text", "does not match"),
        ({"in-number": "many"}, "A number", "a number is expected"),
        ({"in-choice": '"blue"'}, "One of them", "legal values"),
        ({"in-many": ["1", "x"]}, "Several", "a number is expected"),
        ({"in-flag": "perhaps"}, "Yes or no", "expected true or false"),
        ({"delay": "soon"}, "Start after", "write it like"),
        ({"comment": "x"}, "Comment", "bytes are expected"),
        ({"in-pass": ""}, "A password", "required"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_made(visit, changed, label, told):
    page = unescape(visit("req").post("new/asks/", status=200, **(WHOLE | changed)).content.decode())
    assert told in field_of(page, label), field_of(page, label)
    assert "hunter2" not in page
    assert not Task.objects.exists()


def test_what_was_typed_stands_in_the_form_again(visit):
    page = visit("req").post("new/asks/", status=200, **(WHOLE | {"in-text": "ABC", "in-many": ["7"]})).content.decode()
    assert ">ABC</textarea>" in page
    assert 'value="7"' in page
    assert 'value="2.50"' in page


def test_an_address_fills_the_form_as_the_originals_did(visit):
    visitor = visit("req")
    answer = visitor.client.get(
        "/admin/new/?template_name=asks&text=abc&many=1&many=2&choice=green&watcher_usernames=wat"
    )
    page = visitor.client.get(answer.headers["Location"]).content.decode()
    assert ">abc</textarea>" in page
    assert 'value="&quot;green&quot;" selected' in page
    assert 'value="wat"' in page
    assert page.count('name="in-many" value=') == 2


def test_what_was_asked_before_is_asked_again_without_its_password_by_those_who_may_read_it(visit, make):
    task = make("asks", text="earlier", many=[4, 5], **{"pass": "hunter2"})
    page = visit("req").get(f"new/asks/?again={task.public_id}")
    assert ">earlier</textarea>" in page
    assert 'name="in-many" value="5"' in page
    assert "hunter2" not in page
    assert "__SECRET__" not in page
    assert f"?again={task.public_id}" in visit("req").get(f"tasks/{task.public_id}/")
    visit("str").get(f"new/asks/?again={task.public_id}", status=403)
    visit("req").get("new/asks/?again=nonsense", status=404)


def test_a_hidden_input_takes_its_value_from_the_address(visit):
    page = visit("req").get("new/asks/?kept=special")
    assert '<input type="hidden" name="in-kept" value="special">' in page


def test_a_password_is_never_taken_from_an_address(visit):
    assert "hunter2" not in visit("req").get("new/asks/?pass=hunter2")


def test_the_same_request_is_shown_as_a_call_without_the_password(visit):
    fields = WHOLE | {"show": "call", "tag_keys": ["a"], "tag_values": ["it's"]}
    page = visit("req").post("new/asks/", status=200, **fields).content.decode()
    call = unescape(re.search(r'<pre id="call-text">(.*?)</pre>', page, re.S).group(1))
    words = shlex.split(call.replace("\\\n", " "))
    body = json.loads(words[words.index("--data") + 1])
    assert words[-1].endswith("/task")
    assert body["template_name"] == "asks"
    assert body["input"] | {"kept": "kept"} == {
        "text": "abc",
        "pass": "…",
        "number": 2.5,
        "flag": True,
        "choice": "green",
        "kept": "kept",
    }
    assert body["tags"] == {"a": "it's"}
    assert not Task.objects.exists()


def test_a_link_opens_the_form_filled_so_but_for_passwords(visit):
    visitor = visit("req")
    fields = WHOLE | {"show": "call", "in-many": ["1", "2.50"], "watcher_usernames": ["wat"], "watcher_groups": ["lab"]}
    page = visitor.post("new/asks/", status=200, **fields).content.decode()
    link = unescape(re.search(r'<pre id="link-text">(.*?)</pre>', page, re.S).group(1))
    assert link.startswith("http://testserver/admin/new/?template_name=asks&")
    assert WHOLE["in-pass"] not in link
    opened = visitor.client.get(link.removeprefix("http://testserver"), follow=True).content.decode()
    again = {name: re.findall(rf'name="{name}"[^>]* value="([^"]*)"', opened) for name in ("in-number", "in-many")}
    assert again == {"in-number": ["2.50"], "in-many": ["1", "2.50"]}
    assert ">abc</textarea>" in opened
    assert re.search(r'name="in-flag" value="true" checked', opened)
    assert 'value="&quot;green&quot;" selected' in opened
    assert 'name="watcher_usernames" value="wat"' in opened
    assert 'name="watcher_groups" value="lab"' in opened


def test_a_blocked_template_makes_no_task_and_says_so(visit):
    page = visit("adm").post("new/blocked/", status=200).content.decode()
    assert "is blocked" in page
    assert not Task.objects.exists()


def test_naming_resolvers_is_offered_and_allowed_to_those_who_may(visit):
    assert "Resolvers of this task" in visit("own").get("new/owned/")
    assert "Resolvers of this task" not in visit("req").get("new/owned/")
    page = visit("req").post("new/owned/", status=200, **{"in-id": "x", "resolver_usernames": ["req"]}).content.decode()
    assert "may not name resolvers" in page
