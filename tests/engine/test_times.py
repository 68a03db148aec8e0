from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.golang import GoError, GoValue, Int64
from tasks.engine.gotemplate.times import (
    RFC3339_NANO,
    UTC,
    ZERO_TIME,
    Duration,
    DurationError,
    Month,
    Time,
    TimeError,
    Weekday,
    fixed_zone,
    format_duration,
    load_zone,
    parse_duration,
    parse_time,
    zone_names,
)

NANOSECONDS = st.integers(-(2**63), 2**63 - 1)
PARIS = load_zone("Europe/Paris")


def at(text):
    return parse_time(RFC3339_NANO, text)


@given(NANOSECONDS)
def test_a_duration_reads_back_as_it_was_written(nanoseconds):
    assert int(parse_duration(format_duration(nanoseconds))) == nanoseconds


@given(st.text(alphabet="0123456789.hmsnuµμ+- x", max_size=12) | st.text(max_size=6))
def test_any_text_is_a_duration_or_says_why_not(text):
    try:
        assert -(2**63) <= parse_duration(text) < 2**63
    except DurationError as error:
        reason = str(error)
        assert text in reason


@pytest.mark.parametrize("text", ["9" * 10_000 + "h", "1" + "0" * 5_000 + "ns", "1h" * 100_000 + "x"])
def test_a_long_text_is_refused_in_no_time(text):
    with pytest.raises(DurationError):
        parse_duration(text)


def test_leading_zeroes_do_not_make_a_duration_long():
    assert parse_duration("0" * 5_000 + "1s") == 1_000_000_000


@pytest.mark.parametrize(
    ("duration", "unit", "truncated", "rounded"),
    [
        ("1h15m30.918273645s", "1ms", "1h15m30.918s", "1h15m30.918s"),
        ("1h15m30.918273645s", "1s", "1h15m30s", "1h15m31s"),
        ("1h15m30.918273645s", "1h", "1h0m0s", "1h0m0s"),
        ("1h30m", "1h", "1h0m0s", "2h0m0s"),
        ("-1h30m", "1h", "-1h0m0s", "-2h0m0s"),
        ("-1h29m", "1h", "-1h0m0s", "-1h0m0s"),
        ("5s", "0s", "5s", "5s"),
        ("5s", "-1s", "5s", "5s"),
    ],
)
def test_durations_are_truncated_towards_zero_and_rounded_away_from_it(duration, unit, truncated, rounded):
    span = parse_duration(duration)
    assert str(span.truncate(parse_duration(unit))) == truncated
    assert str(span.round(parse_duration(unit))) == rounded


def test_the_parts_of_a_duration():
    span = Duration(-5_400_000_000_001)
    assert span.hours() == -1.5000000000002778
    assert span.minutes() == -90.00000000001667
    assert span.seconds() == -5400.000000001
    assert (span.milliseconds(), span.microseconds(), span.nanoseconds()) == (-5_400_000, -5_400_000_000, int(span))
    assert span.absolute() == 5_400_000_000_001
    assert Duration(-(2**63)).absolute() == 2**63 - 1


@given(st.integers(-(10**15), 10**15), st.integers(0, 999_999_999), st.sampled_from(sorted(zone_names())))
def test_an_instant_reads_back_in_whatever_zone_it_was_written(seconds, nanosecond, name):
    moment = Time(seconds, nanosecond, load_zone(name))
    if not 0 <= moment.year() <= 9999:
        return
    # The layout leaves out the seconds of old offsets.
    offset = moment.parts().offset
    read = at(moment.format(RFC3339_NANO))
    assert read.unix_nanoseconds() - moment.unix_nanoseconds() == (offset - int(offset / 60) * 60) * 10**9


@given(st.integers(-(10**14), 10**14), st.sampled_from(["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "UTC"]))
def test_the_clock_on_the_wall_leads_back_to_the_instant(seconds, name):
    zone = load_zone(name)
    parts = Time(seconds, 0, zone).parts()
    again = Time.of_parts(parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second, 0, zone)
    # An hour that the clock repeats has two instants.
    assert abs(again.unix_seconds - seconds) in {0, 3600} or parts.year < 1950
    assert again.parts().hour == parts.hour or parts.year < 1950


@given(st.datetimes(timezones=st.just(PYTHON_UTC)))
def test_the_calendar_agrees_with_pythons(moment):
    ours = Time.of_datetime(moment)
    assert ours.format("2006-01-02T15:04:05.000000") == moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")
    assert ours.weekday() == moment.isoweekday() % 7
    assert ours.day_of_year() == moment.timetuple().tm_yday


def test_a_moment_of_python_becomes_an_instant():
    moment = datetime(2020, 1, 2, 3, 4, 5, 600_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert str(Time.of_datetime(moment)) == "2020-01-02 06:34:05.6 +0000 UTC"
    with pytest.raises(TimeError):
        Time.of_datetime(moment.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("start", "step", "end"),
    [
        ("2024-01-31T10:00:00Z", (0, 1, 0), "2024-03-02T10:00:00Z"),
        ("2024-02-29T10:00:00Z", (1, 0, 0), "2025-03-01T10:00:00Z"),
        ("2024-01-15T10:00:00Z", (0, -13, -20), "2022-11-25T10:00:00Z"),
        ("9999-12-31T10:00:00Z", (0, 0, 1), "10000-01-01T10:00:00Z"),
        ("0000-01-01T10:00:00Z", (0, 0, -1), "-0001-12-31T10:00:00Z"),
    ],
)
def test_dates_carry_over(start, step, end):
    assert at(start).add_date(*step).format(RFC3339_NANO) == end


def test_adding_a_day_keeps_the_hour_when_the_clock_is_put_forward():
    before = at("2024-03-30T02:30:00+01:00").in_zone(PARIS)
    assert str(before.add_date(0, 0, 1)) == "2024-03-31 03:30:00 +0200 CEST"
    assert str(before.add(24 * 3600 * 10**9)) == "2024-03-31 03:30:00 +0200 CEST"
    assert str(before.add_date(0, 0, 2)) == "2024-04-01 02:30:00 +0200 CEST"


def test_zones_beyond_pythons_years():
    assert str(Time(10**12, 0, PARIS)) == "33658-09-27 03:46:40 +0200 CEST"
    assert str(Time(10**12 + 15_000_000, 0, PARIS)).endswith("+0100 CET")
    assert str(Time(-(10**12), 0, PARIS)) == "-29719-04-05 22:22:41 +0009 LMT"


def test_summer_time_and_zones_names():
    assert at("2024-07-01T00:00:00Z").in_zone(PARIS).is_summer_time()
    assert not at("2024-01-01T00:00:00Z").in_zone(PARIS).is_summer_time()
    assert str(PARIS) == "Europe/Paris"
    assert load_zone("") is load_zone("Local") is UTC


@pytest.mark.parametrize(
    "name", ["europe/paris", "Europe", "../UTC", "/etc/passwd", "Nowhere/City", "zone.tab", "CEST"]
)
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(TimeError):
        load_zone(name)


def test_the_order_of_instants_ignores_zones_and_equality_does_not():
    here, there = at("2024-01-01T12:00:00Z"), at("2024-01-01T13:00:00+01:00")
    assert here.same_instant(there)
    assert here.compare(there) == 0
    assert here != there
    assert here == at("2024-01-01T12:00:00Z")
    assert here.before(there.add(1))
    assert here.after(there.add(-1))
    assert here.subtract(there.add(-1500)) == 1500


def test_a_span_beyond_292_years_is_cut():
    assert at("2024-01-01T00:00:00Z").subtract(ZERO_TIME) == 2**63 - 1
    assert ZERO_TIME.subtract(at("2024-01-01T00:00:00Z")) == -(2**63)


@pytest.mark.parametrize(
    ("unit", "truncated", "rounded"),
    [
        ("1h", "12:00:00", "13:00:00"),
        ("1m", "12:34:00", "12:35:00"),
        ("7s", "12:34:50", "12:34:57"),
        ("0s", "12:34:56", "12:34:56"),
    ],
)
def test_instants_are_truncated_and_rounded_from_the_zero_time(unit, truncated, rounded):
    moment, span = at("2024-01-01T12:34:56Z"), parse_duration(unit)
    assert moment.truncate(span).format("15:04:05") == truncated
    assert moment.round(span).format("15:04:05") == rounded


def test_json_has_no_room_for_every_time():
    assert at("2024-01-01T12:00:00.5+02:00").go_json() == "2024-01-01T12:00:00.5+02:00"
    for moment in (Time(10**12), Time(-(10**12)), ZERO_TIME.in_zone(fixed_zone("X", 86_400))):
        with pytest.raises(TimeError):
            moment.go_json()


def test_a_time_as_go_source():
    assert (
        at("2024-02-29T13:07:09.000000001Z").go_source() == "time.Date(2024, time.February, 29, 13, 7, 9, 1, time.UTC)"
    )
    assert at("2024-02-29T13:07:09Z").in_zone(PARIS).go_source().endswith('time.Location("Europe/Paris"))')


@pytest.mark.parametrize("value", [ZERO_TIME, Duration(1), Month(2), Weekday(0), UTC])
def test_every_value_is_one_of_the_language(value):
    assert isinstance(value, GoValue)
    assert value.go_methods["String"].call(value) == str(value) == value.go_string()
    assert value.go_fields() == {}


def test_methods_have_gos_types():
    moment = at("2021-07-04T05:06:07.123456789Z")
    methods = Time.go_methods
    assert type(methods["Unix"].call(moment)) is Int64
    assert type(methods["Month"].call(moment)) is Month
    assert type(methods["Sub"].call(moment, ZERO_TIME)) is Duration
    assert methods["AddDate"].parameters == ("int", "int", "int")
    assert methods["In"].parameters == (type(UTC),)
    assert {"Date", "Clock", "ISOWeek", "Zone"}.isdisjoint(methods)
    assert (str(Month(2)), str(Weekday(0)), Month(2).go_json(), Duration(5).go_json(), UTC.go_json()) == (
        "February",
        "Sunday",
        2,
        5,
        {},
    )


PIECES = (
    *("2006", "06", "Jan", "January", "1", "01", "2", "_2", "02", "__2", "002", "15", "3", "03", "4", "04", "5", "05"),
    *("PM", "pm", "MST", "-0700", "Z07:00", "-07:00:00", ".000", ",999", "Mon", "Monday", " ", "T", "-", "x"),
)
layouts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(layouts, st.text(max_size=20) | layouts)
def test_any_text_reads_by_any_layout_or_says_why_not(layout, text):
    try:
        assert isinstance(parse_time(layout, text), Time)
    except TimeError as error:
        assert isinstance(error, GoError)  # noqa: PT017  # either is right


@given(layouts, st.integers(-(10**14), 10**14))
def test_any_layout_writes_any_time(layout, seconds):
    assert isinstance(Time(seconds, 5, PARIS).format(layout), str)
