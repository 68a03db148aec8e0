"""Steps of a paused resolution: edited whole, or only their state; what is refused changes nothing."""

import uuid
from typing import Any

import pytest

from tasks.models import Resolution, Step
from tasks.services import resolutions, steps, tasks, templates
from tasks.services.errors import AdministratorsOnly, BadRequest, NotFound, PermissionDenied, WrongState
from tasks.states import ResolutionState
from tests.services.people import actor


@pytest.fixture
def paused(world: None) -> Resolution:
    task = tasks.create_task(actor("req"), "owned", {"id": "x"})
    made = resolutions.create_resolution(actor("own"), task.public_id, {})
    return resolutions.pause_resolution(actor("own"), made.public_id)


def document(paused: Resolution, name: str = "step") -> dict[str, Any]:
    return steps.one_step_document(resolutions.resolution_named(paused.public_id), name, details=True)


def test_an_edit_is_the_resolutions_own(paused: Resolution) -> None:
    change = {"description": "otherwise", "output": {"said": "by hand"}, "try_count": 3}
    steps.edit_step(actor("adm"), paused.public_id, "step", document(paused) | change)
    assert document(paused).items() >= change.items()
    version = templates.definition_of(paused.task.version_id)
    assert version.steps["step"].description == "say it"


def test_the_name_is_that_of_the_path(paused: Resolution) -> None:
    steps.edit_step(actor("adm"), paused.public_id, "step", document(paused) | {"name": "other"})
    assert set(steps.step_documents(resolutions.resolution_named(paused.public_id), details=True)) == {"step", "other"}


@pytest.mark.parametrize(
    "change",
    [
        {"state": "NOPE"},
        {"state": ""},
        {"state": "ANY"},
        {"state": None},
        {"state": "ELSEWHERE"},
        {"action": {"type": "nope", "configuration": {}}},
        {"action": None},
        {"dependencies": ["nope"]},
        {"dependencies": ["step"]},
        {"retry_pattern": "sometimes"},
        {"execution_delay": 30_000_000_000},
        {"foreach_strategy": "random", "foreach": "[]"},
        {"conditions": [{"type": "maybe"}]},
        {"json_schema": {"type": 1}},
        {"custom_states": ["DONE"]},
        {"try_count": "many"},
        {"try_count": -1},
        {"max_retries": 1 << 40},
    ],
)
def test_a_document_that_is_refused_changes_nothing(paused: Resolution, change: dict[str, Any]) -> None:
    before = document(paused)
    with pytest.raises(BadRequest):
        steps.edit_step(actor("adm"), paused.public_id, "step", before | change)
    assert document(paused) == before
    assert Resolution.objects.get().own_steps is None


def test_a_circle_of_dependencies_is_refused(paused: Resolution) -> None:
    all_steps = steps.step_documents(resolutions.resolution_named(paused.public_id), details=True)
    all_steps["step"]["dependencies"] = ["other"]
    all_steps["other"]["dependencies"] = ["step"]
    with pytest.raises(BadRequest):
        steps.edit_resolution(actor("adm"), paused.public_id, steps=all_steps, resolver_inputs=None)


def test_steps_can_be_added_and_taken_away_as_a_whole(paused: Resolution) -> None:
    all_steps = steps.step_documents(resolutions.resolution_named(paused.public_id), details=True)
    more = {"step": all_steps["step"], "third": all_steps["other"] | {"name": "third", "dependencies": ["step"]}}
    steps.edit_resolution(actor("adm"), paused.public_id, steps=more, resolver_inputs=None)
    found = steps.step_documents(resolutions.resolution_named(paused.public_id), details=True)
    assert list(found) == ["step", "third"]
    assert found["third"]["dependencies"] == ["step"]


@pytest.mark.parametrize("wrong", [{"step": None}, {"step": []}, {"this": {"state": "TODO"}}])
def test_what_is_no_step_is_refused(paused: Resolution, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        steps.edit_resolution(actor("adm"), paused.public_id, steps=wrong, resolver_inputs=None)


def test_a_state_alone(paused: Resolution) -> None:
    Step.objects.create(
        resolution=paused, resolution_key=paused.public_id, name="step", state="CLIENT_ERROR", error="x", try_count=2
    )
    edited, before = steps.edit_step_state(actor("own"), paused.public_id, "step", "REFUSED")
    assert (edited.public_id, before) == (paused.public_id, "CLIENT_ERROR")
    row = Step.objects.get()
    assert (row.state, row.error, row.try_count) == ("REFUSED", "x", 2)
    assert row.waiting_for == ""


def test_who_may_and_when(paused: Resolution) -> None:
    with pytest.raises(PermissionDenied):
        steps.edit_step_state(actor("req"), paused.public_id, "step", "DONE")
    with pytest.raises(NotFound):
        steps.edit_step_state(actor("own"), paused.public_id, "nope", "DONE")
    with pytest.raises(NotFound):
        steps.edit_step_state(actor("own"), uuid.uuid4(), "step", "DONE")
    with pytest.raises(AdministratorsOnly):
        steps.edit_step(actor("own"), paused.public_id, "nope", {})
    with pytest.raises(AdministratorsOnly):
        steps.edit_resolution(actor("own"), paused.public_id, steps={}, resolver_inputs=None)
    Resolution.objects.update(state=ResolutionState.WAITING)
    with pytest.raises(WrongState):
        steps.edit_step_state(actor("str"), paused.public_id, "step", "DONE")
    with pytest.raises(WrongState):
        steps.edit_step(actor("adm"), paused.public_id, "step", {})


def test_an_unfinished_step_says_that_it_waits_for_a_person(paused: Resolution) -> None:
    steps.edit_step_state(actor("own"), paused.public_id, "step", "TODO")
    assert "paused" in Step.objects.get().waiting_for
