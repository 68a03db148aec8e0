"""Pictures are well-formed, escape what people wrote, and tell states without colour."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from tasks.drawing import Bar, Edge, Node, Span, bar_chart, draw_graph, draw_timeline, look_of
from tasks.drawing.timeline import readable

START = datetime(2026, 1, 1, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [found.text for found in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_a_step_shows_its_name_state_and_sign_and_leads_to_its_panel():
    picture = draw_graph([Node("build", "DONE", link="#step-build")], [], title="steps")
    assert {"build", "DONE", look_of("DONE").sign} <= set(texts(picture))
    [link] = ElementTree.fromstring(picture).iter(f"{SVG}a")
    assert link.get("href") == "#step-build"
    assert link.find(f"{SVG}title").text == "build DONE"


def test_names_that_look_like_markup_stay_texts():
    nasty = '<script>alert("1")</script>&'
    picture = draw_graph([Node(nasty, "TODO"), Node("b", nasty)], [Edge(nasty, "b", nasty)], title=nasty)
    root = ElementTree.fromstring(picture)
    assert not list(root.iter(f"{SVG}script"))
    assert root.get("aria-label") == nasty


def test_an_edge_tells_the_states_it_waits_for():
    picture = draw_graph([Node("a"), Node("b")], [Edge("a", "b", "NOT_FOUND,DONE")], title="steps")
    assert "NOT_FOUND,DONE" in texts(picture)


def test_no_picture_needs_inline_styles_or_scripts():
    pictures = [
        draw_graph([Node("a", "DONE"), Node("b", "TODO")], [Edge("a", "b")], title="t"),
        draw_timeline([Span("a", START, None, "RUNNING")], now=START + timedelta(seconds=2), title="t"),
        bar_chart([Bar("Mon", [("good", "done", 3.0)])], title="t"),
    ]
    for picture in pictures:
        assert " style=" not in picture
        assert "<script" not in picture
        assert "onclick" not in picture


def test_tries_stand_in_one_row_with_what_each_came_to():
    spans = [
        Span("ping", START, START + timedelta(seconds=1), "SERVER_ERROR"),
        Span("ping", START + timedelta(seconds=5), START + timedelta(seconds=6), "DONE"),
    ]
    root = ElementTree.fromstring(draw_timeline(spans, now=START, title="time line"))
    bars = [group for group in root.iter(f"{SVG}g") if "bar" in group.get("class", "")]
    assert [bar.find(f"{SVG}title").text for bar in bars] == ["ping: SERVER_ERROR, 1 s", "ping: DONE, 1 s"]
    assert len({bar.find(f"{SVG}rect").get("y") for bar in bars}) == 1


def test_states_differ_in_sign_where_they_share_a_colour():
    assert look_of("CLIENT_ERROR").sign != look_of("FATAL_ERROR").sign != look_of("CRASHED").sign
    assert look_of("BLOCKED_TOCHECK") == look_of("BLOCKED")
    assert look_of("MY_OWN").family == "own"


def test_spans_are_told_in_the_units_that_matter():
    assert [readable(timedelta(seconds=s)) for s in (0.35, 2.5, 2, 200, 7260, 187200)] == [
        "350 ms", "2.5 s", "2 s", "3 min 20 s", "2 h 1 min", "2 d 4 h",
    ]  # fmt: skip


@pytest.mark.parametrize(("counted", "marks"), [(True, ["0", "5"]), (False, ["0", "2.5", "5"])])
def test_a_scale_of_counts_has_no_half_tasks(counted, marks):
    drawn = bar_chart([Bar("Mon", [("good", "done", 4)])], title="t", counted=counted)
    assert texts(drawn) == [*marks, "Mon"]


@pytest.mark.parametrize("seconds", [35, 61, 75, 119, 3700, 90000])
def test_no_mark_of_the_time_line_reaches_beyond_its_edge(seconds):
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    drawn = draw_timeline(
        [Span("copy", start, start + timedelta(seconds=seconds), "DONE")], now=start, title="What ran when"
    )
    root = ElementTree.fromstring(drawn)
    marks = [mark for mark in root.iter(f"{SVG}text") if (mark.text or "").startswith("+")]
    assert marks
    for mark in marks:
        reach = 0 if mark.get("text-anchor") == "end" else 6 * len(mark.text)
        assert float(mark.get("x")) + reach <= float(root.get("width"))
