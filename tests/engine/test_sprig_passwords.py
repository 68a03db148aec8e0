"""Hashed, derived and encrypted passwords: what others check them with accepts them."""

from contextlib import suppress

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.golang import GoError, from_bytes
from tests.engine.sprig_calls import call


@pytest.mark.parametrize("password", ["", "secret", "é日😀", "a\0b", "x" * 72])
def test_a_hashed_password_is_recognised(password):
    hashed = call("bcrypt", password).encode()
    assert bcrypt.checkpw(password.encode(), hashed)
    assert not bcrypt.checkpw(b"another", hashed)
    assert hashed.startswith(b"$2a$10$")


def test_a_password_is_hashed_differently_each_time():
    assert call("bcrypt", "secret") != call("bcrypt", "secret")


def test_a_password_that_bcrypt_would_cut_gives_the_error_as_text():
    assert call("bcrypt", "x" * 73) == (
        "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    )


def test_a_line_of_a_password_file_has_the_user_and_a_hash():
    user, hashed = call("htpasswd", "user", "secret").split(":")
    assert user == "user"
    assert bcrypt.checkpw(b"secret", hashed.encode())


def test_derived_passwords_follow_from_what_they_are_for():
    known = call("derivePassword", 1, "long", "password", "user", "example.com")
    assert known == "ZedaFaxcZaso9*"
    others = {
        call("derivePassword", 2, "long", "password", "user", "example.com"),
        call("derivePassword", 1, "long", "password", "user", "example.org"),
        call("derivePassword", 1, "long", "password", "other", "example.com"),
        call("derivePassword", 1, "long", "passw0rd", "user", "example.com"),
    }
    assert len(others | {known}) == 5


@given(password=st.text(max_size=40), text=st.binary(max_size=100).map(from_bytes))
def test_what_was_encrypted_is_decrypted_with_the_same_password(password, text):
    assert call("decryptAES", password, call("encryptAES", password, text)) == text


def test_the_same_text_is_encrypted_differently_each_time():
    assert call("encryptAES", "k", "text") != call("encryptAES", "k", "text")


@given(password=st.text(max_size=40), encrypted=st.text(max_size=100))
def test_anything_is_decrypted_or_refused(password, encrypted):
    with suppress(GoError):
        assert isinstance(call("decryptAES", password, encrypted), str)


def test_a_cut_encrypted_text_is_refused():
    encrypted = call("encryptAES", "k", "a text of more than one block")
    with pytest.raises(GoError, match="whole number of blocks"):
        call("decryptAES", "k", encrypted[:24])
