import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.jsontext import dumps
from tasks.engine.goyaml import YAMLError, json_value, read, scalar_text
from tasks.engine.nodes import node_of, repeated_keys


def error_of(text):
    with pytest.raises(YAMLError) as caught:
        read(text).value  # noqa: B018  # an infinity is refused when the value is asked for
    return caught.value


def test_every_key_value_and_element_knows_its_line():
    root = read("a: 1\n\nb:\n  - x\n  -\n    c: |\n      text\n      more\n").root
    a, b = root.entries
    assert (a.key, a.line, a.node.line) == ("a", 1, 1)
    assert (b.key, b.line, b.node.line) == ("b", 3, 4)
    first, second = b.node.elements
    assert (first.line, second.line) == (4, 6)
    assert second.entries[0].node.text_line == 7
    assert first.text_line == 0


def test_a_merged_entry_has_the_line_where_it_was_written():
    root = read("base: &b\n  x: 1\nd:\n  <<: *b\n  y: 2\n").root
    merged = root.entries[1].node.entries
    assert [(entry.key, entry.line) for entry in merged] == [("x", 2), ("true", 5)]


def test_what_an_anchor_marks_is_known_to_be_there_for_aliases():
    root = read("a: &x {k: 1}\nb: {c: [&y 1]}\nd: *x\n").root
    assert [entry.node.is_anchored for entry in root.entries] == [True, True, False]


def test_a_key_given_twice_by_hand_stays_twice_and_the_last_counts():
    document = read("a: 1\nb: 2\na: 3\n")
    (pair,) = repeated_keys(document.root)
    assert [entry.line for entry in pair] == [1, 3]
    assert document.value == {"a": JSONNumber("3"), "b": JSONNumber("2")}


@pytest.mark.parametrize("text", ["d: &d {a: 1}\ne:\n  <<: *d\n  a: 2\n", "d: &d {a: 1}\ne:\n  a: 2\n  <<: *d\n"])
def test_a_key_that_a_merge_overwrites_is_not_given_twice(text):
    assert list(repeated_keys(read(text).root.entries[1].node)) == []


@pytest.mark.parametrize("rest", ["---\nb: 2\n", "---\n[\n", "...\n---\n", "...\nb: 2"])
def test_more_documents_are_noticed_and_not_read(rest):
    document = read(f"a: 1\n{rest}")
    assert document.value == {"a": JSONNumber("1")}
    assert document.more_documents


@pytest.mark.parametrize("text", ["a: 1\n", "a: 1\n...\n", "---\na: 1\n# end\n", ""])
def test_one_document_is_alone(text):
    assert not read(text).more_documents


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("a:\n\tb: 1\n", 2, 1, "not tabs"),
        ("a: 1\n b: 2\n", 2, 3, "column"),
        ("a: {{ .x }}\n", 1, 5, "handle"),
        ("a: 1\nb: *nope\n", 2, 4, "Quote"),
        ("a: 'x\n", 2, 1, "quotation mark"),
        ("a: 1\nb: x\x07y\n", 2, 5, "escape"),
        ('a: "\\q"\n', 1, 5, "backslash"),
        ("a: [x?y]\n", 1, 5, "Quote"),
        ("x: 1\n~: 2\n", 2, 1, "Quote"),
        ("a: @x\n", 1, 4, "quote"),
        ("a: x\ud800\n", 1, 1, ""),
        ("%YAML 1.2\n---\na: 1\n", 1, 1, "Remove"),
    ],
)
def test_an_error_tells_where_and_how_to_mend_it(text, line, column, hint):
    error = error_of(text)
    assert (error.line, error.column) == (line, column)
    assert hint in error.mend
    assert str(error).startswith(f"line {line}, column {column}: ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[b:]", ["b:"]),
        ("{a:, b: c:}", {"a:": None, "b": "c:"}),
        ('"it\\\'s"', "it's"),
        ("[a:,b:,'c:]']", ["a:", "b:", "c:]"]),
        ("a: 1\n\ufeffb: x\ufeffy", {"a": JSONNumber("1"), "\ufeffb": "x\ufeffy"}),
    ],
)
def test_what_the_original_reads_and_libyaml_does_not_is_read(text, value):
    assert read(text).value == value


@pytest.mark.parametrize("text", ['"\\/"', "[x?y]", "{a?b: c}"])
def test_what_libyaml_reads_and_the_original_does_not_is_refused(text):
    error_of(text)


def test_numbers_stay_apart_in_the_tree_and_are_json_numbers_in_the_value():
    root = read("[010, 1.50, 12345678901234567890, 1e21]").root
    assert [element.value for element in root.elements] == [8, 1.5, 12345678901234567890, 1e21]
    assert [number.text for number in json_value(root)] == ["8", "1.5", "12345678901234567890", "1e+21"]
    assert [number.text for number in json_value(root, as_doubles=True)] == [
        "8",
        "1.5",
        "12345678901234567000",
        "1e+21",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (8, "8"),
        (1.5, "1.5"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (3.14159265358979, "3.1415927"),
        (16777217.0, "1.6777216e+07"),
        (-0.0, "-0"),
        (1e300, "+Inf"),
        (1e-300, "0"),
        (float("nan"), "NaN"),
        (2.0**-149, "1e-45"),
        (2.0**-20, "9.536743e-07"),
        ("010", "010"),
        (JSONNumber("1.50"), "1.50"),
        ([], None),
    ],
)
def test_a_scalar_becomes_a_text_with_the_precision_of_32_bits(value, text):
    assert scalar_text(value) == text


def test_an_infinity_is_refused_as_a_value_and_accepted_as_a_text():
    document = read("a: 1\nb: .inf\n")
    assert error_of("a: 1\nb: .inf\n").line == 2
    assert scalar_text(document.root.entries[1].node.value) == "+Inf"


def nested(value, levels):
    for _ in range(levels):
        value = value[0] if isinstance(value, list) else value["a"]
    return value


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("[" * 9_999 + "1" + "]" * 9_999, 9_999),
        ("- " * 9_999 + "1", 9_999),
        ("{a: " * 5_000 + "1" + "}" * 5_000, 5_000),
    ],
)
def test_deep_nesting_is_read_without_recursion(text, levels):
    assert nested(read(text).value, levels) == JSONNumber("1")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 20_000 + "1",
        "{a: " * 20_000,
        "a: &a " + "[" * 6_000 + "]" * 6_000 + "\nb: " + "[" * 6_000 + "*a" + "]" * 6_000,
    ],
)
def test_nesting_beyond_ten_thousand_is_refused(text):
    assert "10,000" in error_of(text).what


def test_fewer_levels_can_be_asked_for():
    read("[[[1]]]", deepest=3)
    with pytest.raises(YAMLError, match="3 levels"):
        read("[[[[1]]]]", deepest=3)


def test_aliases_that_explode_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "grow" in error_of("\n".join(lines)).what


def test_many_plain_aliases_are_read():
    text = "a: &a [x]\n" + "".join(f"b{n}: *a\n" for n in range(2_000))
    assert len(read(text).value) == 2_001


@pytest.mark.parametrize("text", ["a: &x {b: *x}\n", "&x [*x]\n", "a: &x\n  <<: *x\n"])
def test_a_value_that_contains_itself_is_refused(text):
    assert "itself" in error_of(text).what


#: Beyond these JSON writes pairs of escapes, which YAML does not join.
plain_texts = st.text(st.characters(min_codepoint=0, max_codepoint=0xD7FF), max_size=8)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_json_of_plain_characters_is_yaml(value):
    assert read(json.dumps(value)).value == json_value(node_of(value))


pieces = (
    "a",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    '"',
    "'",
    "|",
    ">",
    "!!int ",
    "? ",
    "#",
    ",",
)


@given(st.text() | st.lists(st.sampled_from((*pieces, "1", "~", "\t", ".inf"))).map("".join))
def test_any_text_is_read_or_refused_with_its_place(text):
    line = None
    try:
        assert isinstance(dumps(read(text).value), str)
    except YAMLError as error:
        line = error.line
    assert line is None or 1 <= line <= len(text) + 1
