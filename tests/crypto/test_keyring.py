"""Keys as they are configured: each form that is accepted, each mistake and what is said of it."""

import base64
import json

import pytest

from tasks.crypto import keyring as keyring_module
from tasks.crypto.errors import KeyringError
from tasks.crypto.keyring import Key, Keyring, keyring, order_items, read_item, read_list, use_source

RAW = b"0123456789abcdefghijklmnopqrstuv"


def item(**changes: object) -> str:
    document = {"identifier": "storage", "cipher": "aes-gcm", "timestamp": 1, "key": RAW.hex()}
    return json.dumps({name: value for name, value in (document | changes).items() if value is not None})


@pytest.fixture
def own_source():
    """Put back what the process had."""
    source = keyring_module._source
    yield
    keyring_module._source, keyring_module._current = source, None


@pytest.mark.parametrize("text", [RAW.hex(), RAW.hex().upper(), base64.b64encode(RAW).decode(), RAW.decode()])
def test_the_same_key_may_be_hexadecimal_base64_or_raw_text(text):
    assert read_item(item(key=text)) == Key(RAW, "aes-gcm", 1)


def test_an_item_may_be_yaml_and_its_names_in_any_letter_case():
    assert read_item(f"Identifier: storage\nCIPHER: aes-gcm\nkey: {RAW.hex()}\n") == Key(RAW)


@pytest.mark.parametrize(("cipher", "length"), [("chacha20-poly1305", 32), ("aes-pmac-siv", 64), ("hmac", 32)])
def test_keys_meant_for_another_cipher_are_taken_and_still_hide(cipher, length):
    key = read_item(item(cipher=cipher, key="ab" * length))
    assert key is not None
    assert len(key.material) == length
    assert len(key.storage_key) == 32
    assert key.storage_key != key.material


def test_an_item_with_another_identifier_is_passed_over():
    assert read_item(item(identifier="sessions")) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (item(cipher="rot13"), "unknown cipher 'rot13'"),
        (item(key=RAW.hex()[:-1]), "incorrect length: expected 32, got 63"),
        (item(key=RAW.hex()[:-1] + "g"), "neither hexadecimal, base64 nor raw bytes"),
        (item(key=None), "key must be text"),
        (item(timestamp="soon"), "timestamp must be a whole number"),
        (item(timestamp=True), "timestamp must be a whole number"),
        (item(sealed=True), "sealed keys cannot be opened"),
        ("[1]", "must be an object"),
        ("{", "neither JSON nor YAML"),
    ],
)
def test_each_mistake_in_an_item_is_named_without_the_key(text, reason):
    with pytest.raises(KeyringError, match=reason) as caught:
        read_item(text)
    assert RAW.hex()[:16] not in str(caught.value)


def test_the_largest_timestamp_writes():
    old, new = Key(b"a" * 32, timestamp=1), Key(b"b" * 32, timestamp=2)
    assert Keyring(order_items([old, new])).newest == new


def test_two_newest_keys_are_ambiguous_but_two_old_ones_are_not():
    twins = [Key(b"a" * 32, timestamp=1), Key(b"b" * 32, timestamp=1)]
    with pytest.raises(KeyringError, match="several encryption keys conflicting for 'storage'"):
        order_items(twins)
    newest = Key(b"c" * 32, timestamp=2)
    assert order_items([*twins, newest])[0] == newest


def test_the_same_key_given_twice_is_one_key():
    assert Keyring(order_items([Key(RAW, timestamp=1), Key(RAW, timestamp=1)])).ids == [Key(RAW).id]


def test_no_key_at_all_is_an_error_that_names_it():
    with pytest.raises(KeyringError, match="encryption key 'storage' not found"):
        Keyring([])


def test_two_different_keys_with_one_id_are_refused(monkeypatch):
    monkeypatch.setattr(Key, "label", b"same")
    with pytest.raises(KeyringError, match="share the id"):
        Keyring([Key(b"a" * 32), Key(b"b" * 32)])


def test_the_variable_takes_bare_keys_newest_first():
    text = f"{RAW.hex()},\n {base64.b64encode(b'o' * 32).decode()}"
    assert [key.material for key in read_list(text)] == [RAW, b"o" * 32]
    assert read_list(" ") == []


def test_the_variable_takes_the_items_json_too_ordered_by_timestamp():
    older, newer = json.loads(item()), json.loads(item(timestamp=9, key="ab" * 32))
    assert [key.timestamp for key in read_list(json.dumps([older, newer]))] == [9, 1]
    assert read_list(item()) == [Key(RAW, "aes-gcm", 1)]
    with pytest.raises(KeyringError, match="begins like JSON"):
        read_list("[{")


def test_keys_are_read_at_first_use_and_once(own_source):
    calls: list[int] = []

    def source() -> list[Key]:
        calls.append(1)
        return [Key(RAW)]

    use_source(source)
    assert calls == []
    assert keyring() is keyring()
    assert calls == [1]


def test_a_source_that_fails_is_asked_again_once_it_is_mended(own_source):
    keys: list[Key] = []
    use_source(lambda: keys)
    with pytest.raises(KeyringError):
        keyring()
    keys.append(Key(RAW))
    assert keyring().newest == Key(RAW)
