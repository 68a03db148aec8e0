"""What is offered to whom, and deeds for one, many, or a single step."""

import uuid
from itertools import product

import pytest

from tasks.models import JournalEntry, Resolution, Step, clock
from tasks.services import acts, maintenance, resolutions, tasks
from tasks.services.actors import Actor
from tasks.services.acts import Deed
from tasks.services.errors import BadRequest, NotFound, PermissionDenied, ServiceError, WrongState
from tasks.states import ResolutionState

ADM = Actor("adm", is_admin=True)
OWN = Actor("own")
REQ = Actor("req")

SAFE = (Deed.RUN, Deed.PAUSE, Deed.EXTEND, Deed.CANCEL)


@pytest.fixture
def task(world):
    return tasks.create_task(REQ, "owned", {"id": "x"})


def in_state(task, state):
    """The task with a resolution in this state, as it is read for a page."""
    if not hasattr(task, "resolution"):
        resolutions.create_resolution(OWN, task.public_id, {})
    Resolution.objects.filter(task=task).update(state=state)
    return tasks.task_named(task.public_id)


@pytest.mark.parametrize(("actor", "state"), list(product((ADM, OWN, REQ), ResolutionState)))
def test_a_button_that_is_open_works_and_any_other_is_refused(task, actor, state):
    offered = {offer.deed: offer.is_open for offer in acts.offers(actor, in_state(task, state))}
    for deed in SAFE:
        in_state(tasks.task_named(task.public_id), state)
        try:
            acts.do(actor, task.public_id, deed)
            worked = True
        except ServiceError:
            worked = False
        # Some buttons are shown only where they are of use; none is open that does not work.
        assert worked or not offered.get(deed, False), deed
        if deed in offered:
            assert offered[deed] is worked, deed


def test_in_maintenance_every_button_is_shut_and_says_so(task):
    maintenance.switch(ADM, on=True)
    offered = acts.offers(ADM, tasks.task_named(task.public_id))
    assert offered
    assert all("maintenance" in offer.why_not for offer in offered)


def test_a_deed_that_needs_a_form_is_not_done_by_a_button(task):
    for deed in (Deed.RESOLVE, Deed.EDIT_TASK, Deed.EDIT_RESOLUTION, Deed.START_OVER, Deed.ASSIGN):
        with pytest.raises(BadRequest):
            acts.do(ADM, task.public_id, deed)


def test_a_deed_for_a_task_that_is_not_resolved_or_not_there_is_refused(task):
    with pytest.raises(BadRequest, match="nobody has resolved"):
        acts.do(ADM, task.public_id, Deed.RUN)
    with pytest.raises(NotFound):
        acts.do(ADM, uuid.uuid4(), Deed.RUN)


def test_a_run_of_what_has_just_ended_is_refused_though_the_api_takes_it_for_the_automatic_start(task):
    found = in_state(task, ResolutionState.DONE)
    Resolution.objects.filter(task=found).update(run_count=1, last_start=clock.now())
    assert resolutions.run_resolution(OWN, found.resolution.public_id).state == "DONE"
    with pytest.raises(WrongState, match="it is DONE"):
        acts.do(OWN, task.public_id, Deed.RUN)


def test_of_many_what_is_refused_keeps_no_other_from_it(task):
    other = tasks.create_task(REQ, "owned", {"id": "y"})
    unknown = uuid.uuid4()
    resolutions.create_resolution(OWN, other.public_id, {})
    outcomes = acts.do_for_all(OWN, [task.public_id, unknown, other.public_id], Deed.CANCEL, reason="all of them")
    assert [bool(outcome.refused) for outcome in outcomes] == [True, True, False]
    assert outcomes[1].title == ""
    other.refresh_from_db()
    assert other.state == "CANCELLED"


def test_a_step_is_tried_again_only_by_those_who_may_set_its_state(task):
    found = in_state(task, ResolutionState.BLOCKED_BADREQUEST)
    Step.objects.create(
        resolution=found.resolution, resolution_key=found.resolution.public_id, name="step", state="CLIENT_ERROR"
    )
    assert acts.may_retry_steps(OWN, found)
    assert not acts.may_retry_steps(REQ, found)
    with pytest.raises(PermissionDenied):
        acts.retry_step(REQ, task.public_id, "step")
    assert Step.objects.get(name="step").state == "CLIENT_ERROR"
    acts.retry_step(OWN, task.public_id, "step", reason="try")
    assert Step.objects.get(name="step").state == "TODO"
    resolution = Resolution.objects.get()
    assert resolution.manual
    assert resolution.due_at is not None


def test_a_retry_that_is_refused_half_way_leaves_nothing_behind(task):
    found = in_state(task, ResolutionState.BLOCKED_BADREQUEST)
    before = JournalEntry.objects.count()
    with pytest.raises(NotFound):
        acts.retry_step(OWN, task.public_id, "nosuch")
    assert Resolution.objects.get().state == found.resolution.state
    assert JournalEntry.objects.count() == before
