"""What is stored: it opens in its own place under a configured key, and nowhere else."""

import base64
import json
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.crypto import cipher as cipher_module
from tasks.crypto.cipher import Cipher, NotAuthentic, UnknownKey, key_id
from tasks.crypto.keyring import Key, Keyring

OLD, NEW = Key(bytes(range(32))), Key(bytes(range(1, 33)))
PLACE = "task.input:41"


@given(plaintext=st.binary(max_size=4096), place=st.text(max_size=80))
def test_what_was_encrypted_comes_back_in_its_place(plaintext, place):
    cipher = Cipher(Keyring([NEW]))
    assert cipher.decrypt(cipher.encrypt(plaintext, place), place) == plaintext


@pytest.mark.parametrize("elsewhere", ["task.input:42", "task.result:41", "step.input:41", ""])
def test_a_value_copied_to_another_row_column_or_table_does_not_decrypt(elsewhere):
    cipher = Cipher(Keyring([NEW]))
    with pytest.raises(NotAuthentic):
        cipher.decrypt(cipher.encrypt(b"secret", PLACE), elsewhere)


@given(data=st.data())
def test_a_value_with_any_bit_turned_over_is_refused(data):
    cipher = Cipher(Keyring([NEW]))
    token = bytearray(cipher.encrypt(b"secret", PLACE))
    bit = data.draw(st.integers(0, len(token) * 8 - 1))
    token[bit // 8] ^= 1 << bit % 8
    with pytest.raises((NotAuthentic, UnknownKey)):
        cipher.decrypt(bytes(token), PLACE)


@given(junk=st.binary(max_size=120))
def test_bytes_that_are_no_stored_value_are_refused_never_answered_with_garbage(junk):
    with pytest.raises((NotAuthentic, UnknownKey)):
        Cipher(Keyring([NEW])).decrypt(junk, PLACE)


def test_the_plaintext_does_not_stand_in_what_is_stored():
    assert b"correct horse" not in Cipher(Keyring([NEW])).encrypt(b"correct horse battery", PLACE)


def test_the_newest_key_writes_and_older_ones_read():
    token = Cipher(Keyring([OLD])).encrypt(b"written long ago", PLACE)
    both = Cipher(Keyring([NEW, OLD]))
    assert both.decrypt(token, PLACE) == b"written long ago"
    assert key_id(token) == OLD.id
    assert key_id(both.encrypt(b"now", PLACE)) == NEW.id


def test_a_value_under_a_key_that_is_not_configured_names_that_key():
    token = Cipher(Keyring([OLD])).encrypt(b"x", PLACE)
    with pytest.raises(UnknownKey, match=OLD.id) as caught:
        Cipher(Keyring([NEW])).decrypt(token, PLACE)
    assert caught.value.key_id == OLD.id


def test_a_batch_uses_a_nonce_of_its_own_for_each_value():
    cipher = Cipher(Keyring([NEW]))
    tokens = cipher.encrypt_many((b"same", PLACE) for _ in range(500))
    assert len(set(tokens)) == 500
    assert {cipher.decrypt(token, PLACE) for token in tokens} == {b"same"}
    assert cipher.encrypt_many([]) == []


def test_a_derived_key_is_changed_before_its_nonces_run_out(monkeypatch):
    monkeypatch.setattr(cipher_module, "_RENEW_AFTER", 10)
    cipher = Cipher(Keyring([NEW]))
    tokens = [cipher.encrypt(b"x", PLACE) for _ in range(35)]
    assert len({token[5:17] for token in tokens}) == 4
    assert {cipher.decrypt(token, PLACE) for token in tokens} == {b"x"}


@pytest.mark.parametrize(
    ("key", "aad", "sealed"),
    [
        (b"\x01" * 32, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (b"\x03" * 32, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ],
)
def test_the_cipher_is_the_published_one_by_its_own_vectors(key, aad, sealed):
    """The two vectors of https://c2sp.org/XAES-256-GCM, with and without the doubling's carry."""
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"
    derived = cipher_module._derived(key, nonce[:12])
    assert derived.encrypt(nonce[12:], b"XAES-256-GCM", aad).hex() == sealed


def test_threads_share_one_cipher():
    cipher = Cipher(Keyring([NEW]))
    wrong: list[bytes] = []

    def work(number: int) -> None:
        plaintext = os.urandom(200)
        for turn in range(200):
            place = f"t.c:{number}.{turn}"
            if cipher.decrypt(cipher.encrypt(plaintext, place), place) != plaintext:
                wrong.append(plaintext)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_neither_keys_nor_values_stand_in_errors_or_representations():
    secret = bytes(range(65, 97))
    key = Key(secret)
    token = Cipher(Keyring([key])).encrypt(b"canary-value", PLACE)
    with pytest.raises(NotAuthentic) as caught:
        Cipher(Keyring([key])).decrypt(token, "elsewhere")
    shown = repr(key) + repr(Keyring([key])) + str(caught.value) + json.dumps(Keyring([key]).ids)
    for form in (secret.decode(), secret.hex(), base64.b64encode(secret).decode(), "canary-value"):
        assert form not in shown
