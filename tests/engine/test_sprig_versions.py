"""Versions are ordered, and constraints hold for the versions they name."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.sprig import versions
from tasks.engine.gotemplate.sprig.constraints import parse_constraint
from tasks.engine.gotemplate.sprig.versions import InvalidVersion, compare, parse_version

_numbers = st.integers(0, 3).map(str)
_identifiers = st.sampled_from(["0", "1", "10", "2", "alpha", "beta", "rc-1", "1a", "-"])
_prereleases = st.lists(_identifiers, min_size=1, max_size=3).map(".".join)
_texts = st.builds(
    lambda core, prerelease, metadata: ".".join(core) + prerelease + metadata,
    st.lists(_numbers, min_size=1, max_size=3),
    st.just("") | _prereleases.map("-{}".format),
    st.just("") | _prereleases.map("+{}".format),
)
_versions = _texts.map(parse_version)


@given(_versions)
def test_a_version_reads_as_it_prints(version):
    printed = parse_version(str(version))
    assert compare(printed, version) == 0
    assert str(printed) == str(version)


@given(_versions, _versions, _versions)
def test_the_order_of_versions_is_total(one, other, third):
    assert compare(one, other) == -compare(other, one)
    if compare(one, other) <= 0 and compare(other, third) <= 0:
        assert compare(one, third) <= 0


def test_the_order_is_that_of_the_standard():
    ordered = [
        "0.9.9",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0",
        "1.0.1",
    ]
    assert all(compare(parse_version(low), parse_version(high)) < 0 for low, high in pairwise(ordered))


@given(_versions)
def test_the_next_version_is_greater(version):
    for following in (versions.next_patch, versions.next_minor, versions.next_major):
        assert compare(following(version), version) > 0


def test_the_patch_after_a_prerelease_is_its_release():
    assert str(versions.next_patch(parse_version("1.2.3-rc.1+b"))) == "1.2.3"


def test_a_leading_v_stays_in_the_original_of_a_successor():
    assert versions.next_minor(parse_version("v1.2")).original == "v1.3.0"


@given(_versions)
def test_a_version_fulfils_the_constraint_that_names_it(version):
    core = f"{version.major}.{version.minor}.{version.patch}"
    text = f"{core}-{version.prerelease}" if version.prerelease else core
    for operator in ("", "=", ">=", "<=", "~", "^", "=>", "=<", "~>"):
        assert parse_constraint(operator + text).allows(version)
    for operator in ("!=", "<", ">"):
        assert not parse_constraint(operator + text).allows(version)


@given(_versions, _versions)
def test_a_range_without_prereleases_never_holds_for_one(wanted, version):
    core = f"{wanted.major}.{wanted.minor}.{wanted.patch}"
    for operator in ("", ">=", "<=", "~", "^", ">", "<"):
        assert not version.prerelease or not parse_constraint(operator + core).allows(version)


@given(_versions, _versions)
def test_conditions_hold_together_and_alternatives_apart(one, other):
    low, high = sorted((one, other), key=lambda version: (version.major, version.minor, version.patch))
    core = f"{low.major}.{low.minor}.{low.patch}", f"{high.major}.{high.minor}.{high.patch}"
    for version in (one, other):
        first, second = (parse_constraint(f">={text}").allows(version) for text in core)
        assert parse_constraint(f">={core[0]}, >={core[1]}").allows(version) == (first and second)
        assert parse_constraint(f">={core[0]} || >={core[1]}").allows(version) == (first or second)


@given(st.text(alphabet="0123456789.xX*-+v<>=!~^|, ab", max_size=30))
def test_any_text_is_a_constraint_or_refused(text):
    try:
        constraint = parse_constraint(text)
    except InvalidVersion:
        return
    assert isinstance(constraint.allows(parse_version("1.2.3")), bool)


@pytest.mark.parametrize("text", ["", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "V1.2.3", " 1.2.3", "1.2.3\n", "1.x"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(InvalidVersion):
        parse_version(text)


def test_a_long_constraint_takes_no_time_to_refuse():
    with pytest.raises(InvalidVersion):
        parse_constraint("1.1 " * 20_000 + "?")
