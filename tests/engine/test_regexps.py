import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.regexps import RegexpError, compile_pattern, quote

PIECES = (
    *("a", "b", "é", "😀", ".", "(", ")", "|", "*", "+", "?", "{2}", "{0}", "{1,}", "[a-c]", "[^b]", "[[:alpha:]]"),
    *("\\d", "\\b", "^", "$", "(?:", "(?i)", "(?P<n>", "(?<m>", "\\Q", "\\E", "\\pL", "]", "\\"),
)
patterns = st.lists(st.sampled_from(PIECES), max_size=10).map("".join) | st.text(max_size=8)


@given(patterns, st.text(alphabet="ab1é😀\n\udc80", max_size=8), st.text(alphabet="a$1{}n_é", max_size=8))
def test_any_pattern_works_on_any_text_or_says_why_not(source, text, replacement):
    try:
        pattern = compile_pattern(source)
    except RegexpError:
        return
    found = pattern.find_all(text)
    assert all(match.text == text[match.start : match.end] for match in found)
    assert all(len(match.groups) == len(pattern.group_names) for match in found)
    assert pattern.matches(text) == (pattern.find(text) is not None) == bool(found)
    pieces, position = [], 0
    for match in found:
        pieces += [text[position : match.start], replacement]
        position = match.end
    assert pattern.replace_literal(text, replacement) == "".join([*pieces, text[position:]])
    assert pattern.replace(text, replacement.replace("$", "$$")) == pattern.replace_literal(text, replacement)


@given(st.text())
def test_a_quoted_text_matches_itself(text):
    found = compile_pattern(quote(text)).find(text)
    assert found is not None
    assert (found.start, found.end) == (0, len(text))


def test_bytes_that_are_no_text_survive():
    assert compile_pattern("b").replace("\udc80b\udcff", "x") == "\udc80x\udcff"
    assert compile_pattern(".").find("\udc80").text == "\udc80"


@pytest.mark.parametrize(
    ("source", "text", "limit", "parts"),
    [
        (",", "a,b,c", -1, ["a", "b", "c"]),
        (",", "a,b,c", 2, ["a", "b,c"]),
        (",", "a,b,c", 1, ["a,b,c"]),
        (",", "a,b,c", 0, []),
        (",", "", -1, [""]),
        ("", "", -1, []),
        ("", "abc", -1, ["a", "b", "c"]),
        ("a*", "baac", -1, ["b", "c"]),
        ("z", "abc", -1, ["abc"]),
        ("c", "abc", -1, ["ab", ""]),
        ("a", "abc", -1, ["", "bc"]),
    ],
)
def test_texts_are_split_as_go_splits(source, text, limit, parts):
    assert compile_pattern(source).split(text, limit) == parts


def test_as_many_matches_as_asked_for():
    pattern = compile_pattern("a")
    assert [len(pattern.find_all("aaaa", limit)) for limit in (-1, 0, 2, 9)] == [4, 0, 2, 4]


def test_of_two_groups_with_one_name_the_one_that_took_part_counts():
    pattern = compile_pattern("(?P<x>a)|(?P<x>b)")
    assert pattern.group_names == ("x", "x")
    assert pattern.replace("ab", "<${x}>") == "<a><b>"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(?=a)", "look-ahead"),
        ("(?<!a)", "look-behind"),
        ("(?>a)", "atomic"),
        ("a\\Z", "end of the text"),
        ("\\C", "single byte"),
        ("(?P<é>a)", "name"),
        ("a{10000000000}", "1,000"),
        ("a{1001}", "repetition"),
        ("(" * 1000 + "a" + ")" * 1000, "levels"),
        ("(?:" + "ab" * 2000 + "){1000}", "large"),
        ("(\\pL{1000}){1}" * 4, "large"),
    ],
)
def test_a_refused_pattern_says_why(source, reason):
    with pytest.raises(RegexpError, match=reason) as caught:
        compile_pattern(source)
    assert caught.value.pattern == source
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "source", ["(" * 999 + "a" + ")" * 999, "(?:" * 2000 + "a" + ")" * 2000, "a|" * 5000, "\\pL{1000}"]
)
def test_large_patterns_that_go_accepts_are_accepted(source):
    assert compile_pattern(source).source == source


def test_no_pattern_takes_long():
    assert compile_pattern("(a?){30}a{30}").matches("a" * 30)
    assert not compile_pattern("(a*)*b|(a+)+$x").matches("a" * 50_000)


def test_nothing_is_written_about_a_bad_pattern(capfd):
    with pytest.raises(RegexpError):
        compile_pattern("(")
    assert capfd.readouterr() == ("", "")


def test_a_pattern_is_compiled_once():
    assert compile_pattern("once") is compile_pattern("once")
