"""Random texts: of the right length, from the right alphabet, and not twice the same."""

import base64
import string
import uuid

import pytest

from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.limits import LimitExceeded, Limits
from tests.engine.sprig_calls import call

_ALPHABETS = {
    "randAlphaNum": string.ascii_letters + string.digits,
    "randAlpha": string.ascii_letters,
    "randNumeric": string.digits,
    "randAscii": "".join(map(chr, range(32, 127))),
}


@pytest.mark.parametrize(("name", "alphabet"), _ALPHABETS.items())
def test_a_random_text_uses_all_of_its_alphabet_and_nothing_else(name, alphabet):
    # Each character is left out of 10,000 with a chance below 1e-45.
    text = call(name, 10_000)
    assert len(text) == 10_000
    assert set(text) == set(alphabet)


@pytest.mark.parametrize("name", _ALPHABETS)
@pytest.mark.parametrize("count", [0, -1])
def test_no_random_characters_are_an_empty_text(name, count):
    assert call(name, count) == ""


@pytest.mark.parametrize("name", [*_ALPHABETS, "randBytes"])
def test_two_random_texts_differ(name):
    assert call(name, 40) != call(name, 40)


@pytest.mark.parametrize("name", [*_ALPHABETS, "randBytes"])
def test_a_random_text_is_no_longer_than_the_limit(name):
    with pytest.raises(LimitExceeded):
        call(name, 1001, limits=Limits(output_size=1000))


def test_random_bytes_come_in_base64():
    assert len(base64.b64decode(call("randBytes", 33), validate=True)) == 33


def test_a_negative_number_of_random_bytes_is_refused():
    with pytest.raises(GoError):
        call("randBytes", -1)


def test_a_random_integer_lies_below_the_upper_bound():
    assert {call("randInt", -2, 2) for _ in range(1000)} == {-2, -1, 0, 1}


@pytest.mark.parametrize("bounds", [(5, 5), (9, 3)])
def test_a_random_integer_from_nothing_is_refused(bounds):
    with pytest.raises(GoError):
        call("randInt", *bounds)


def test_a_shuffled_text_keeps_its_characters():
    text = string.ascii_letters + "é日😀"
    shuffled = call("shuffle", text)
    assert sorted(shuffled) == sorted(text)
    assert shuffled != text


def test_a_uuid_is_of_version_4_and_new_each_time():
    first, second = uuid.UUID(call("uuidv4")), uuid.UUID(call("uuidv4"))
    assert first.version == second.version == 4
    assert first != second
