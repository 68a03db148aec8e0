"""Compression of stored values: each says how it was made, any setting reads them, none makes more than it says."""

import json
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.crypto import cipher as cipher_module
from tasks.crypto import compression
from tasks.crypto.cipher import Cipher, NotAuthentic, key_id
from tasks.crypto.compression import Compression, add_codec, unpack, writing
from tasks.crypto.errors import BadlyPacked, CipherError, UnknownCompression
from tasks.crypto.keyring import Key, Keyring

OLD, NEW = Key(bytes(range(32))), Key(bytes(range(1, 33)))
PLACE = "task.input:41"
GZIP = compression._by_name["gzip"]
LISTED = json.dumps([{"host": f"node-{number}.example.org", "state": "up"} for number in range(40)]).encode()


@pytest.fixture
def own_algorithms() -> Iterator[None]:
    """Put back what the process had."""
    known, source = dict(compression._by_name), compression._source
    yield
    compression._by_name.clear()
    compression._by_name.update(known)
    compression._source = source


def packed(payload: bytes, *, name: bytes = b"gzip", size: int) -> bytes:
    return bytes((len(name),)) + name + struct.pack(">I", size) + payload


def deflated(value: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(value) + deflate.flush()


values = st.one_of(
    st.binary(max_size=6000),
    st.text(max_size=1500).map(lambda text: text.encode(errors="surrogatepass")),
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=40), st.integers(1, 3000)),
)


@given(value=values, place=st.text(max_size=40), packing=st.sampled_from([None, GZIP]))
def test_what_was_stored_comes_back_whatever_it_was_stored_by(value, place, packing):
    cipher = Cipher(Keyring([NEW]))
    assert cipher.decrypt(cipher.encrypt(value, place, packing), place) == value
    assert [cipher.decrypt(token, place) for token in cipher.encrypt_many([(value, place)], packing)] == [value]


@given(value=values)
def test_a_value_is_never_stored_longer_for_being_compressed(value):
    cipher = Cipher(Keyring([NEW]))
    assert len(cipher.encrypt(value, PLACE, GZIP)) <= len(cipher.encrypt(value, PLACE))


def test_a_value_that_repeats_itself_is_stored_in_a_fraction():
    cipher = Cipher(Keyring([NEW]))
    assert len(cipher.encrypt(LISTED, PLACE, GZIP)) < len(cipher.encrypt(LISTED, PLACE)) / 4


def test_small_values_and_those_that_do_not_shrink_are_stored_as_they_always_were():
    cipher = Cipher(Keyring([NEW]))
    noise = random.Random(1).randbytes(5000)
    for value in (b"", b"a" * 199, noise):
        assert cipher.encrypt(value, PLACE, GZIP)[:1] == cipher.encrypt(value, PLACE)[:1] == b"\x01"
    assert cipher.encrypt(b"a" * 200, PLACE, GZIP)[:1] == b"\x02"


def test_a_value_from_before_there_was_compression_is_read():
    # Written by the cipher as it was then.
    token = bytes.fromhex(
        "01" + OLD.id + "000102030405060708090a0b" + "0c0d0e0f1011121314151617"
    ) + cipher_module._derived(OLD.storage_key, bytes(range(12))).encrypt(
        bytes(range(12, 24)), b"written long ago", b"\x01" + OLD.label + PLACE.encode()
    )
    assert Cipher(Keyring([NEW, OLD])).decrypt(token, PLACE) == b"written long ago"


def test_compressed_values_name_their_key_and_keep_to_their_place():
    token = Cipher(Keyring([OLD])).encrypt(LISTED, PLACE, GZIP)
    assert key_id(token) == OLD.id
    assert Cipher(Keyring([NEW, OLD])).decrypt(token, PLACE) == LISTED
    with pytest.raises(NotAuthentic):
        Cipher(Keyring([OLD])).decrypt(token, "task.input:42")


@given(data=st.data())
def test_a_compressed_value_with_any_bit_turned_over_is_refused(data):
    cipher = Cipher(Keyring([NEW]))
    token = bytearray(cipher.encrypt(LISTED, PLACE, GZIP))
    bit = data.draw(st.integers(0, len(token) * 8 - 1))
    token[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CipherError):
        cipher.decrypt(bytes(token), PLACE)


def test_a_value_cannot_be_passed_off_as_compressed_or_not():
    cipher = Cipher(Keyring([NEW]))
    for token in (cipher.encrypt(LISTED, PLACE), cipher.encrypt(LISTED, PLACE, GZIP)):
        other = bytes((3 - token[0],)) + token[1:]
        with pytest.raises(NotAuthentic):
            cipher.decrypt(other, PLACE)


@pytest.mark.parametrize("told", [0, 100, compression.MOST_BYTES])
def test_a_bomb_makes_no_more_than_a_byte_beyond_what_its_label_tells(told, monkeypatch):
    bomb = deflated(bytes(compression.MOST_BYTES + 10))
    made = []
    inflate = compression.Deflate.decompress

    def watched(self, payload, size):
        made.append(inflate(self, payload, size))
        return made[-1]

    monkeypatch.setattr(compression.Deflate, "decompress", watched)
    with pytest.raises(BadlyPacked, match=f"does not have the {told} bytes"):
        unpack(packed(bomb, size=told))
    assert len(made[0]) <= told + 1


def test_a_label_that_claims_more_than_is_ever_stored_is_not_even_tried(monkeypatch):
    monkeypatch.setattr(compression.Deflate, "decompress", lambda *_: pytest.fail("it was tried"))
    with pytest.raises(BadlyPacked, match="claims to have"):
        unpack(packed(deflated(b"x"), size=compression.MOST_BYTES + 1))


def test_what_is_too_large_is_stored_as_it_is(monkeypatch):
    monkeypatch.setattr(compression, "MOST_BYTES", len(LISTED) - 1)
    assert GZIP.pack(LISTED) is None
    assert GZIP.pack(LISTED[:-1]) is not None


@given(junk=st.binary(max_size=80))
def test_what_is_no_packed_value_is_refused_and_never_answered_with_garbage(junk):
    with pytest.raises((BadlyPacked, UnknownCompression)):
        unpack(b"\x04gzip\x00\x00\x03\xe8" + junk)
    with pytest.raises((BadlyPacked, UnknownCompression)):
        unpack(junk)


def test_an_algorithm_of_a_plugin_writes_and_reads_and_is_named_when_it_is_gone(own_algorithms):
    class Halves:
        def compress(self, value: bytes) -> bytes:
            return value[: len(value) // 2]

        def decompress(self, payload: bytes, size: int) -> bytes:
            return (payload * 2)[:size]

    add_codec("halves", Halves())
    compression.use_source(lambda: "halves")
    cipher = Cipher(Keyring([NEW]))
    token = cipher.encrypt(b"ab" * 300, PLACE, writing())
    assert len(token) < 400
    assert cipher.decrypt(token, PLACE) == b"ab" * 300
    del compression._by_name["halves"]
    with pytest.raises(UnknownCompression, match="'halves', which is not known: put back the init plugin"):
        cipher.decrypt(token, PLACE)
    with pytest.raises(UnknownCompression):
        writing()


def test_what_an_algorithm_raises_is_told_without_the_value(own_algorithms):
    class Broken:
        def compress(self, value: bytes) -> bytes:
            return b""

        def decompress(self, payload: bytes, size: int) -> bytes:
            raise OSError("canary")

    add_codec("broken", Broken())
    with pytest.raises(BadlyPacked, match=r"packed by broken cannot be unpacked \(OSError\)") as caught:
        unpack(packed(b"", name=b"broken", size=9))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["noop", "gzip", "", "x" * 65])
def test_an_algorithm_may_not_take_a_name_that_is_ours_or_none(name, own_algorithms):
    with pytest.raises(ValueError, match="compression algorithm"):
        add_codec(name, compression.Deflate())


def test_without_a_word_nothing_is_compressed(own_algorithms):
    compression._source = None
    assert writing() is None
    compression.use_source(lambda: "noop")
    assert writing() is None
    compression.use_source(lambda: "gzip")
    assert writing() == Compression("gzip", GZIP.codec)
