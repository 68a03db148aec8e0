"""Resolving, starting over, answering callbacks."""

from tasks.models import JournalEntry, Resolution, Task
from tasks.services import resolutions


def test_the_resolvers_form_stands_on_the_page_for_those_who_may(visit, make):
    task = make("chosen", id="y")
    assert 'id="resolve"' in visit("adm").get(f"tasks/{task.public_id}/")
    assert 'id="resolve"' not in visit("req").get(f"tasks/{task.public_id}/")


def test_a_task_is_resolved_with_what_its_resolver_gives(visit, make, run):
    task = make("chosen", id="y")
    visit("adm").post(f"tasks/{task.public_id}/resolve/", **{"in-ri1": '"bar"'})
    run()
    task.refresh_from_db()
    assert task.state == "DONE"
    assert Resolution.objects.get().resolver_username == "adm"


def test_what_the_resolver_gave_wrong_is_told_at_its_field(visit, make):
    task = make("chosen", id="y")
    page = visit("adm").post(f"tasks/{task.public_id}/resolve/", status=200, **{"in-ri1": '"qux"'}).content.decode()
    assert "legal values" in page[page.index("one of two") :]
    page = visit("adm").post(f"tasks/{task.public_id}/resolve/", status=200).content.decode()
    assert "required" in page
    assert not Resolution.objects.exists()


def test_somebody_who_may_not_is_refused(visit, make):
    task = make("dummy")
    page = visit("req").post(f"tasks/{task.public_id}/resolve/", status=200).content.decode()
    assert "req may not resolve the task" in page
    assert not Resolution.objects.exists()


def test_a_cancelled_task_is_started_over(visit, make, acting, run):
    task = make("dummy")
    first = resolutions.create_resolution(acting("adm"), task.public_id, {})
    resolutions.cancel_resolution(acting("adm"), first.public_id)
    assert "is replaced" in visit("adm").get(f"tasks/{task.public_id}/resolve/")
    visit("adm").post(f"tasks/{task.public_id}/resolve/")
    run()
    task.refresh_from_db()
    assert task.state == "DONE"
    assert Resolution.objects.get().public_id != first.public_id


def test_an_answer_is_given_once_by_those_who_may(visit, make, acting, run):
    task = make("callback")
    resolutions.create_resolution(acting("adm"), task.public_id, {})
    run()
    callback = task.resolution.callbacks.get()
    path = f"tasks/{task.public_id}/callback/{callback.public_id}/"
    assert path in visit("adm").get(f"tasks/{task.public_id}/")
    assert path not in visit("req").get(f"tasks/{task.public_id}/")
    visit("req").get(path, status=404)
    page = visit("adm").get(path)
    assert "did it work" in page
    assert callback.token not in page
    assert "does not fit" in visit("adm").post(path, status=200).content.decode()
    visit("adm").post(path, success="true")
    assert JournalEntry.objects.get(event="callback").actor == "adm"
    run()
    assert Task.objects.get().state == "DONE"
    visit("adm").post(path, status=404, success="true")
