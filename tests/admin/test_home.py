"""Home: what waits for whom, what failed, how many there are."""

import pytest

from tasks.services import resolutions
from tests.questions import asked


def section(page, key):
    return page[page.index(f'id="{key}"') :].partition("</section>")[0]


def test_what_nobody_resolved_waits_for_those_who_may_resolve_it(visit, make):
    make("owned")
    for name, waits in (("own", True), ("ogr", True), ("adm", True), ("req", False), ("str", False)):
        page = visit(name).get("")
        assert ("owned x" in section(page, "waiting")) is waits, name
        assert ('class="count"' in page) is waits, name


def test_what_was_resolved_waits_for_nobody(visit, make, acting):
    task = make("owned")
    resolutions.create_resolution(acting("own"), task.public_id, {})
    assert "owned x" not in section(visit("own").get(""), "waiting")


def test_what_is_blocked_is_shown_to_those_who_mend_it_and_as_failed_to_who_asked(visit, make, acting, run):
    task = make("chosen", id="y")
    resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    admin, requester = visit("adm").get(""), visit("req").get("")
    assert "chosen y" in section(admin, "blocked")
    assert "chosen y" in section(requester, "failed")
    assert "chosen y" not in section(requester, "blocked")


@pytest.mark.parametrize("name", ["adm", "req"])
def test_states_are_counted_as_far_as_somebody_sees_them(visit, make, name):
    make("dummy", by="req")
    make("dummy", by="str")
    figures = section(visit(name).get(""), "counts")
    assert f'<span class="figure">{2 if name == "adm" else 1}</span>' in figures


def test_charts_tell_what_ended_by_day_for_one_template(visit, make, run):
    make("auto")
    run()
    visitor = visit("adm")
    assert "DONE 1 tasks" in visitor.get("?template=auto")
    assert "No task of dummy ended" in visitor.get("?template=dummy")
    assert "DONE 1 tasks" in visitor.get("?template=no-such-template")


@pytest.mark.parametrize("name", ["adm", "req"])
def test_the_number_of_questions_to_the_database_does_not_grow(visit, make, name):
    visitor = visit(name)

    def questions() -> int:
        with asked() as statements:
            visitor.get("")
        return len(statements)

    make("dummy")
    visitor.get("")
    few = questions()
    for number in range(12):
        make("dummy", id=str(number))
        make("owned", id=str(number))
    assert questions() <= few + 4  # the members and tags of lists that were empty before
    assert few < 60
