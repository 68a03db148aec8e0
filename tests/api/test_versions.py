"""``If-Match``: two editors do not overwrite each other without notice."""

import pytest

from tests.api.clients import Person, error_of


@pytest.fixture
def paused(adm: Person) -> str:
    path = f"/resolution/{adm.resolve(adm.task('owned'))['id']}"
    assert adm.post(f"{path}/pause").status_code == 204
    return path


def test_a_task_that_somebody_else_changed_is_not_overwritten(req: Person) -> None:
    path = f"/task/{req.task()['id']}"
    seen = req.get(path).headers["ETag"]
    assert req.get(path, Accept="application/x-yaml").headers["ETag"] == seen
    first = req.put(path, {"input": {"id": "first"}}, If_Match=seen)
    assert first.status_code == 200
    late = req.put(path, {"input": {"id": "late"}}, If_Match=seen)
    assert late.status_code == 412
    assert error_of(late)
    assert req.read(path)["input"] == {"id": "first"}
    assert req.put(path, {"input": {"id": "second"}}, If_Match=first.headers["ETag"]).status_code == 200


@pytest.mark.parametrize("tag", ["*", '"other", *'])
def test_any_version_will_do(req: Person, tag: str) -> None:
    assert req.put(f"/task/{req.task()['id']}", {"input": {"id": "y"}}, If_Match=tag).status_code == 200


def test_a_stranger_learns_nothing(req: Person, someone: object) -> None:
    path = f"/task/{req.task()['id']}"
    assert someone("str").put(path, {"input": {"id": "y"}}, If_Match='"x"').status_code == 403  # type: ignore[operator]


@pytest.mark.parametrize("suffix", ["", "/step/step"])
def test_resolutions_and_steps(adm: Person, paused: str, suffix: str) -> None:
    path = paused + suffix
    seen = adm.get(path)
    tag = seen.headers["ETag"]
    assert adm.put(path, seen.content, If_Match='"other"').status_code == 412
    assert adm.put(f"{paused}/step/step/state", {"state": "DONE"}).status_code == 204
    assert adm.put(path, seen.content, If_Match=tag).status_code == 412
    fresh = adm.get(path)
    assert adm.put(path, fresh.content, If_Match=fresh.headers["ETag"]).status_code == 204
