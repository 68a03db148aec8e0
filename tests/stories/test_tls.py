"""docs/examples/tls-certificate.md: a certificate from order to use, and its renewal by a program."""

from collections.abc import Iterator

import pytest

from tests.cluster.processes import until
from tests.stories.certificates import Certificates
from tests.stories.conftest import Service

LOCALHOST = {"domain": "localhost"}
ONCE = {"Idempotency-Key": "localhost-2031"}


@pytest.fixture
def world(service: Service) -> Iterator[Certificates]:
    """Nothing is ordered, installed or set."""
    service.certificates.reset()
    yield service.certificates
    service.certificates.reset()


def proofs(world: Certificates) -> list[str]:
    return [path.name for path in (world.folder / "public" / ".well-known" / "acme-challenge").glob("*")]


def test_a_certificate_is_proven_by_http_installed_checked_and_told(service: Service, world: Certificates) -> None:
    asked = service.someone("webby").ask("tls-certificate", LOCALHOST).wait_for("DONE")
    assert asked.task["result"] == {"domain": "localhost", "not_after": "2031-01-31"}
    pruned = {"setRecord", "recordSeen", "removeRecord"}
    assert {name for name, state in asked.states().items() if state == "PRUNE"} == pruned
    assert (world.folder / "localhost.reloaded").exists()
    assert (world.folder / "localhost.key").stat().st_mode & 0o077 == 0
    assert proofs(world) == []
    key = (world.folder / "localhost.key").read_text()
    assert not any(key in got.text for got in world.api.received)
    assert key not in str(asked.by(service.admin).resolution)
    until(lambda: any("New certificate of localhost" in got.text for got in service.house.received), "a notification")


def test_a_record_that_is_not_published_yet_is_waited_for(service: Service, world: Certificates) -> None:
    world.queued = 1
    asked = service.someone("webby").ask("tls-certificate", LOCALHOST | {"challenge": "dns"}).wait_for("ERROR")
    assert (asked.step("recordSeen")["state"], asked.step("prove")["state"]) == ("TO_RETRY", "TODO")
    assert asked.step("recordSeen")["error"] == "the record is not published yet"
    asked.mended().wait_for("DONE")
    assert asked.states()["showFile"] == asked.states()["removeFile"] == "PRUNE"
    assert world.records == {}


def test_an_authority_that_takes_its_time_is_asked_again_by_itself(service: Service, world: Certificates) -> None:
    world.pending = 1
    asked = service.someone("webby").ask("tls-certificate", LOCALHOST).wait_for("DONE")
    assert asked.step("issued")["try_count"] == 2
    assert len(world.orders) == 1


def test_an_authority_that_is_down_gets_the_same_order_again(service: Service, world: Certificates) -> None:
    world.failures = 1
    asked = service.someone("webby").ask("tls-certificate", LOCALHOST).wait_for("ERROR")
    assert asked.step("order")["state"] == "SERVER_ERROR"
    asked.mended().wait_for("DONE")
    assert list(world.orders) == [asked.id]


def test_a_refusal_blocks_until_somebody_has_mended_the_cause(service: Service, world: Certificates) -> None:
    world.refusal = "too many certificates this week"
    asked = service.someone("webby").ask("tls-certificate", LOCALHOST).wait_for("BLOCKED_BADREQUEST")
    assert asked.task["state"] == "BLOCKED"
    assert asked.step("issued")["error"] == "the authority refuses: too many certificates this week"
    assert not (world.folder / "localhost.crt").exists()
    world.refusal = ""
    asked.mended().wait_for("DONE")
    assert proofs(world) == []


def test_a_web_server_that_shows_no_good_certificate_is_not_told_as_done(service: Service, world: Certificates) -> None:
    asked = service.someone("webby").ask("tls-certificate", {"domain": "127.0.0.1"}).wait_for("ERROR")
    assert asked.step("install")["state"] == "DONE"
    assert (asked.step("check")["state"], asked.step("tell")["state"]) == ("SERVER_ERROR", "TODO")


def test_a_domain_that_is_no_domain_is_refused(service: Service) -> None:
    body = {"template_name": "tls-certificate", "input": {"domain": "x'; rm -rf ~; '"}}
    answer = service.someone("webby").call("POST", "/task", body, status=400)
    assert "domain" in answer["error"]


def test_a_program_renews_what_ends_soon_and_nobody_has_to_be_there(service: Service, world: Certificates) -> None:
    monitor = service.someone("certificate-monitor")
    alarm = LOCALHOST | {"days_left": 12}
    asked = monitor.ask("tls-renewal", alarm, headers=ONCE).wait_for("DONE")
    assert asked.task["result"] == {"renewed": "yes", "not_after": "2031-01-31"}
    assert asked.child("renew").by(service.admin).task["requester_username"] == "certificate-monitor"
    again = monitor.ask("tls-renewal", alarm, headers=ONCE)
    assert (again.id, len(world.orders)) == (asked.id, 1)


def test_a_certificate_that_is_good_for_long_is_left_alone(service: Service, world: Certificates) -> None:
    asked = service.someone("certificate-monitor").ask("tls-renewal", LOCALHOST | {"days_left": 60}).wait_for("DONE")
    assert asked.task["result"] == {"renewed": "no", "not_after": ""}
    assert world.orders == {}


def test_the_program_cannot_get_other_certificates(service: Service, world: Certificates) -> None:
    asked = service.someone("certificate-monitor").ask("tls-certificate", LOCALHOST)
    assert (asked.task["state"], world.orders) == ("TODO", {})
    service.someone("certificate-monitor").call("POST", "/resolution", {"task_id": asked.id}, status=403)
