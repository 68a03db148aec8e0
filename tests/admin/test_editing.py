"""Editing a request, and a paused run."""

import re
from html import unescape

import pytest

from tasks.engine.gotemplate import loads
from tasks.models import JournalEntry, Step
from tasks.services import resolutions


@pytest.fixture
def paused(make, acting, run):
    """A task whose run failed and is paused."""
    task = make("chosen", id="y")
    resolution = resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    resolutions.pause_resolution(acting("adm"), resolution.public_id)
    return task


def form_of(page):
    text = unescape(re.search(r"data-code>(.*?)</textarea>", page, re.S).group(1)).removeprefix("\n")
    return {"text": text, "mark": re.search(r'name="mark" value="(\w+)"', page).group(1)}


def sent(visitor, task, **fields):
    return visitor.post(f"tasks/{task.public_id}/run/edit/", **fields)


def test_what_would_change_is_shown_before_anything_is(visit, paused):
    visitor = visit("adm")
    form = form_of(visitor.get(f"tasks/{paused.public_id}/run/edit/"))
    form["text"] = form["text"].replace("ri1: foo", "ri1: bar")
    page = unescape(sent(visitor, paused, status=200, check="yes", **form).content.decode())
    assert '<span class="removed">-  ri1: foo</span>' in page
    assert '<span class="added">+  ri1: bar</span>' in page
    assert loads(resolutions.resolution_named(paused.resolution.public_id).resolver_input) == {"ri1": "foo"}


def test_a_change_is_saved_with_its_reason_and_the_run_goes_on_with_it(visit, paused, run):
    visitor = visit("adm")
    form = form_of(visitor.get(f"tasks/{paused.public_id}/run/edit/"))
    form["text"] = form["text"].replace("ri1: foo", "ri1: bar")
    sent(visitor, paused, save="yes", reason="foo was a slip", **form)
    entry = JournalEntry.objects.get(task=paused, event="edit resolution")
    assert loads(entry.detail) == {"reason": "foo was a slip"}
    visitor.post(f"tasks/{paused.public_id}/do/", deed="run")
    run()
    paused.refresh_from_db()
    assert paused.state == "DONE"


def test_without_a_reason_nothing_is_saved(visit, paused):
    visitor = visit("adm")
    form = form_of(visitor.get(f"tasks/{paused.public_id}/run/edit/"))
    form["text"] = form["text"].replace("ri1: foo", "ri1: bar")
    page = sent(visitor, paused, status=200, save="yes", **form).content.decode()
    assert "reason" in page[page.index('role="alert"') :]
    assert not JournalEntry.objects.filter(event="edit resolution").exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("type: echo", "type: ecco", "ecco"),
        ("state: CLIENT_ERROR", "state: HALF_DONE", "HALF_DONE"),
        ("ri1: foo", "ri1: qux", "legal values"),
        ("steps:", "stairs:", "two keys"),
        ("steps:", "steps: [", "neither JSON nor YAML"),
    ],
)
def test_what_the_rules_refuse_is_told_and_nothing_is_saved(visit, paused, before, after, told):
    visitor = visit("adm")
    form = form_of(visitor.get(f"tasks/{paused.public_id}/run/edit/"))
    form["text"] = form["text"].replace(before, after)
    page = unescape(sent(visitor, paused, status=200, save="yes", reason="try", **form).content.decode())
    assert told in page[page.index('role="alert"') :].partition("</div>")[0]
    assert Step.objects.get(name="step").state == "CLIENT_ERROR"


def test_who_comes_second_is_told_and_overwrites_nothing(visit, paused):
    visitor = visit("adm")
    form = form_of(visitor.get(f"tasks/{paused.public_id}/run/edit/"))
    mine = form | {"text": form["text"].replace("ri1: foo", "ri1: bar")}
    sent(visitor, paused, save="yes", reason="first", **mine)
    yours = form | {"text": form["text"].replace("state: CLIENT_ERROR", "state: DONE")}
    page = sent(visitor, paused, status=200, save="yes", reason="second", **yours).content.decode()
    assert "somebody else changed it meanwhile" in page
    assert Step.objects.get(name="step").state == "CLIENT_ERROR"


def test_a_run_that_is_not_paused_is_not_edited(visit, make, acting, run):
    task = make("dummy")
    resolutions.create_resolution(acting("adm"), task.public_id, {})
    run()
    form = form_of(visit("adm").get(f"tasks/{task.public_id}/run/edit/"))
    form["text"] = form["text"].replace("said: x", "said: y")
    page = unescape(sent(visit("adm"), task, status=200, save="yes", reason="late", **form).content.decode())
    assert "state must be PAUSED" in page


def test_only_administrators_edit_a_run(visit, paused):
    visit("req").get(f"tasks/{paused.public_id}/run/edit/", status=403)


def test_a_request_is_edited_and_its_password_stays_unless_it_is_typed_anew(visit, make):
    task = make("asks", by="req", text="abc", **{"pass": "hunter2"})
    visitor = visit("req")
    page = visitor.get(f"tasks/{task.public_id}/edit/")
    assert ">abc</textarea>" in page
    assert "hunter2" not in page
    fields = {"in-text": "xyz", "in-number": "3", "reason": "a slip", "tag_keys": ["k"], "tag_values": ["v"]}
    visitor.post(f"tasks/{task.public_id}/edit/", **fields)
    task.refresh_from_db()
    given = loads(task.input)
    assert (given["text"], given["pass"], str(given["number"])) == ("xyz", "hunter2", "3")
    assert task.title == "asks xyz"
    assert task.tag_map() == {"k": "v"}
    visitor.post(f"tasks/{task.public_id}/edit/", **(fields | {"in-pass": "tiger"}))
    task.refresh_from_db()
    assert loads(task.input)["pass"] == "tiger"


def test_what_is_wrong_in_an_edited_request_is_told_at_its_field(visit, make):
    task = make("asks", by="req", text="abc", **{"pass": "hunter2"})
    page = visit("req").post(f"tasks/{task.public_id}/edit/", status=200, **{"in-text": "ABC"}).content.decode()
    assert "does not match" in page
    task.refresh_from_db()
    assert loads(task.input)["text"] == "abc"


def test_a_request_of_somebody_else_is_not_edited(visit, make, acting):
    task = make("owned")
    visit("str").get(f"tasks/{task.public_id}/edit/", status=403)
    resolutions.create_resolution(acting("own"), task.public_id, {})
    visit("req").get(f"tasks/{task.public_id}/edit/", status=403)
