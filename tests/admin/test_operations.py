"""Operations: what an administrator sees and does there, and nobody else."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tasks.config.current import configuration
from tasks.models import OutboxMessage, Resolution, ResourceSlot, Runner, clock
from tasks.services import keys, maintenance, operations, resolutions
from tasks.states import ResolutionState
from tests.questions import asked


def part(page: str, key: str) -> str:
    return page[page.index(f'id="{key}"') :].partition("</section>")[0]


@pytest.fixture
def letter(make):
    """A message that was given up."""
    return OutboxMessage.objects.create(
        task=make("dummy"),
        kind="task_state_update",
        backend="chat",
        payload="{}",
        tries=9,
        due_at=None,
        given_up=clock.now(),
        error="the chat is down",
    )


@pytest.mark.parametrize("path", ["operations/", "operations/?look=doctor", "operations/?look=keys"])
def test_the_page_is_for_administrators(visit, path):
    visit("adm").get(path)
    visit("own").get(path, status=403)
    assert "operations/" not in visit("own").get("")


@pytest.mark.parametrize("deed", ["maintenance-on", "rotate", "send-again"])
def test_its_acts_are_for_administrators(visit, deed, letter):
    visit("own").post("operations/do/", status=403, deed=deed)
    assert not maintenance.is_on()
    letter.refresh_from_db()
    assert letter.given_up


def test_runners_are_shown_with_load_and_those_that_fell_silent_are_told(visit):
    Runner.objects.create(instance="i", host="alpha", pid=11, region="north", capacity=40, load=7)
    old = clock.now() - timedelta(minutes=2)
    Runner.objects.create(instance="j", host="beta", pid=12, region="south", capacity=10, heartbeat=old)
    shown = part(visit("adm").get("operations/"), "runners")
    assert "alpha/11" in shown
    assert "7/40" in shown
    assert "silent" in shown[shown.index("beta/12") :]


def test_limited_resources_are_shown_with_what_is_taken_of_them(visit, make, acting, monkeypatch):
    assert 'id="resources"' not in visit("adm").get("operations/")
    found = configuration()
    limited = replace(found, cfg=replace(found.cfg, resource_limits={"printer": 2, "scanner": 5}))
    monkeypatch.setattr(operations, "configuration", lambda: limited)
    runner = Runner.objects.create(instance="i", host="alpha", pid=11, region="")
    made = resolutions.create_resolution(acting("adm"), make("owned").public_id, {})
    for step, name in (("step", "printer"), ("other", "printer"), ("other", "forgotten")):
        ResourceSlot.objects.create(resource=name, runner=runner, resolution=made, step=step)
    shown = re.sub(r"<[^>]+>", "", part(visit("adm").get("operations/"), "resources"))
    assert "printer 2/2, full" in shown
    assert "scanner 0/5" in shown
    assert "forgotten" not in shown


def test_without_a_runner_the_page_says_that_nothing_will_run(visit):
    assert "nothing will run" in visit("adm").get("operations/")


def test_what_is_due_and_what_is_to_be_tried_again_is_counted(visit, make, acting):
    for name, state, due in (("a", ResolutionState.TO_AUTORUN, -60), ("b", ResolutionState.ERROR, 600)):
        task = make("owned", id=name)
        made = resolutions.create_resolution(acting("adm"), task.public_id, {})
        moment = clock.now() + timedelta(seconds=due)
        Resolution.objects.filter(pk=made.pk).update(state=state, due_at=moment, runner=None)
    shown = part(visit("adm").get("operations/"), "queue")
    assert '<span class="figure">1</span><span>due, held by nobody</span><span class="small muted">oldest' in shown
    assert '<span class="figure">1</span><span>retries planned</span>' in shown


def test_a_dead_letter_is_shown_and_sent_again(visit, letter):
    assert "the chat is down" in visit("adm").get("operations/")
    assert "1 message " in visit("adm").told("operations/do/", deed="send-again", letter=letter.pk)
    letter.refresh_from_db()
    assert letter.given_up is None
    assert letter.due_at is not None


def test_in_maintenance_nothing_is_sent_again_but_it_can_be_ended(visit, letter, acting):
    visit("adm").post("operations/do/", deed="maintenance-on")
    assert maintenance.is_on()
    visit("adm").post("operations/do/", status=503, deed="send-again")
    letter.refresh_from_db()
    assert letter.given_up
    visit("adm").post("operations/do/", deed="maintenance-off")
    assert not maintenance.is_on()


def test_maintenance_from_the_start_cannot_be_ended_here(visit, settings):
    settings.UTASK_MAINTENANCE = True
    page = visit("adm").get("operations/")
    assert "UTASK_MAINTENANCE" in page
    assert 'value="maintenance-off"' not in page


def test_an_unknown_act_is_refused(visit):
    visit("adm").post("operations/do/", status=400, deed="explode")


def test_the_configuration_is_shown_without_a_secret(visit, settings):
    page = visit("adm").get("operations/")
    assert "encryption_keys" in page
    assert settings.SECRET_KEY not in page


def test_keys_are_counted_on_demand(visit, make):
    make("dummy")
    from tasks.crypto.keyring import keyring

    shown = part(visit("adm").get("operations/?look=keys"), "keys")
    assert "values" in shown[shown.index("<dl") :]
    assert keyring().newest.id in shown
    assert "<dl" not in part(visit("adm").get("operations/"), "keys")


def test_a_rotation_is_started_in_the_background(visit):
    from django_q.models import OrmQ

    before = OrmQ.objects.count()
    assert "has begun" in visit("adm").told("operations/do/", deed="rotate")
    assert OrmQ.objects.count() == before + 1


def test_the_page_shows_how_far_an_unfinished_rotation_is(visit, make, acting):
    for number in range(3):
        make("dummy", id=str(number))

    def cut_off(progress: keys.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate_keys(acting("adm"), cut_off)
    found = keys.progress()
    page = visit("adm").get("operations/")
    bar = page[page.index('id="rotation"') :].partition("</div>")[0]
    assert f'max="{found.of}" value="{found.rows}"' in bar
    assert f"{found.rows} of {found.of} rows, now in {found.table}" in bar
    assert "Go on rotating" in page
    assert keys.rotate_keys(acting("adm")).complete
    assert "Go on rotating" not in visit("adm").get("operations/")


def test_the_doctor_tells_what_breaks_a_rule(visit, make, acting):
    assert "All is well" in visit("adm").get("operations/?look=doctor")
    made = resolutions.create_resolution(acting("adm"), make("owned").public_id, {})
    Resolution.objects.filter(pk=made.pk).update(state=ResolutionState.RUNNING, runner=None, due_at=None)
    assert "nobody holds it" in part(visit("adm").get("operations/?look=doctor"), "doctor")


def test_the_number_of_questions_does_not_grow(visit, make, acting):
    visitor = visit("adm")

    def questions() -> int:
        with asked() as statements:
            visitor.get("operations/")
        return len(statements)

    for number in range(2):
        Runner.objects.create(instance="i", host=f"h{number}", pid=number, region="")
    before = questions()
    for number in range(6):
        Runner.objects.create(instance="i", host=f"g{number}", pid=number, region="")
        OutboxMessage.objects.create(
            task=make("dummy"), kind="k", backend="chat", payload="{}", due_at=None, given_up=clock.now()
        )
    assert questions() == before
