"""Texts cut, cased, split and wrapped: what holds for every text, and what Go does that Python does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.golang import from_bytes, to_bytes
from tasks.engine.gotemplate.sprig import runes
from tests.engine.sprig_calls import call

_texts = st.text(alphabet=st.sampled_from(" \t\n_-.$aAbBzZ019éÉßİǅ日😀\u00a0\ufffd"), max_size=20)
_broken = st.binary(max_size=20).map(from_bytes)


@given(_texts | _broken, st.integers(-30, 30))
def test_a_cut_text_is_a_part_of_it_byte_by_byte(text, length):
    whole, cut = to_bytes(text), to_bytes(call("trunc", length, text))
    assert len(cut) == min(abs(length), len(whole))
    assert whole.startswith(cut) if length >= 0 else whole.endswith(cut)


@given(_texts | _broken, st.integers(4, 30))
def test_an_abbreviated_text_is_no_longer_than_asked_for(text, width):
    short = call("abbrev", width, text)
    assert len(to_bytes(short)) <= width
    assert short == text or short.endswith("...")


@given(_texts, st.integers(1, 30))
def test_wrapping_changes_nothing_but_spaces(text, width):
    assert "".join(call("wrap", width, text).split()) == "".join(text.split())
    lines = call("wrapWith", width, "|", text).split("|")
    assert all(len(to_bytes(line)) <= width for line in lines)


@given(_texts | _broken, _texts)
def test_what_was_split_is_joined_again(text, separator):
    assert call("join", separator, call("splitList", separator, text)) == text


@given(_texts | _broken, _texts, st.integers(1, 5))
def test_a_text_is_split_into_so_many_parts_at_most(text, separator, limit):
    parts = call("splitn", separator, limit, text)
    assert len(parts) <= limit
    assert separator.join(parts.values()) == text


@given(_texts | _broken)
def test_every_text_has_its_cases(text):
    for name in ("upper", "lower", "title", "untitle", "swapcase", "camelcase", "snakecase", "kebabcase"):
        assert isinstance(call(name, text), str)
    snake, kebab = call("snakecase", text), call("kebabcase", text)
    assert snake.replace("_", "-") == kebab.replace("_", "-")


@pytest.mark.parametrize(
    ("name", "text", "result"),
    [
        ("upper", "ß ŉ ﬁ ᾳ", "ß ŉ ﬁ ᾼ"),
        ("lower", "İ ΣΑΣ", "i σασ"),
        ("title", "ǆ it's a_b 1st été", "ǅ It'S A_b 1st Été"),
        ("untitle", "ABC\x85DEF GHI", "aBC\x85dEF gHI"),
        ("swapcase", "Hello wORLD ǅ", "hELLO World ǆ"),
        ("camelcase", "FOO_BAR fooBAR", "FooBarFooBAR"),
        ("camelcase", "_", "__"),
        ("snakecase", "HTTP20xOK", "http_20x_ok"),
        ("kebabcase", "Bld4Floor3rd", "bld4-floor-3rd"),
        ("nospace", "日 本", "æ\x97¥æ\x9c¬"),
        ("nospace", "日本", "日本"),
        ("initials", "First Try", "FT"),
        ("trim", "\x85\u3000a\x1c\u00a0", "a\x1c"),
    ],
)
def test_case_and_space_are_go_s(name, text, result):
    assert call(name, text) == result


def test_a_byte_that_is_no_utf_8_becomes_the_replacement_character_in_another_case():
    assert call("upper", from_bytes(b"a\xff\xc3\xa9")) == "A\ufffdÉ"


@given(st.characters())
def test_a_case_is_one_character(char):
    assert len(runes.upper_rune(char)) == len(runes.lower_rune(char)) == len(runes.title_rune(char)) == 1


def test_a_part_of_a_character_is_found_in_it():
    assert call("hasPrefix", call("trunc", 1, "é"), "é")
    assert call("trimPrefix", call("trunc", 1, "é"), "é") == from_bytes(b"\xa9")


@pytest.mark.parametrize("bounds", [(9, 5), (99, 100), (-1, -1), (-1, 99)])
def test_a_part_beyond_the_text_is_an_error(bounds):
    with pytest.raises(Exception, match="out of range"):
        call("substr", *bounds, "héllo")
