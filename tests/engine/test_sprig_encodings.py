"""base64 and base32: what was encoded is decoded, and an error names the byte that does not fit."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.golang import from_bytes
from tasks.engine.gotemplate.sprig.binarytext import BASE32, BASE64, BASE64_RAW, BadEncoding, decode
from tests.engine.sprig_calls import call


@given(st.binary(max_size=40).map(from_bytes))
def test_what_was_encoded_is_decoded(text):
    assert call("b64dec", call("b64enc", text)) == text
    assert call("b32dec", call("b32enc", text)) == text


@given(st.binary(max_size=40), st.data())
def test_line_breaks_are_passed_over(whole, data):
    for encoding, encoded in ((BASE64, base64.b64encode(whole)), (BASE32, base64.b32encode(whole))):
        place = data.draw(st.integers(0, len(encoded)))
        assert decode(encoding, encoded[:place] + b"\r\n" + encoded[place:]) == whole


@given(st.sampled_from([BASE64, BASE64_RAW, BASE32]), st.text(alphabet="YQMFRG=Cz+/\n 2", max_size=20))
def test_any_text_is_decoded_or_the_byte_that_does_not_fit_is_named(encoding, text):
    try:
        decode(encoding, text.encode())
    except BadEncoding as error:
        byte = int(str(error).rpartition(" ")[2])
        assert 0 <= byte <= len(text), text


@given(st.binary(max_size=40))
def test_unpadded_base64_is_decoded_without_padding_only(whole):
    encoded = base64.b64encode(whole)
    assert decode(BASE64_RAW, encoded.rstrip(b"=")) == whole
    if encoded.endswith(b"="):
        with pytest.raises(BadEncoding):
            decode(BASE64_RAW, encoded)


@pytest.mark.parametrize(
    ("encoding", "text", "byte"),
    [
        (BASE64, "YQ", 0), (BASE64, "Y===", 1), (BASE64, "YQ== ", 4), (BASE64, "YQ=", 3), (BASE64, "YQ=a", 2),
        (BASE64, "YWJj!", 4), (BASE64_RAW, "Y", 0), (BASE64_RAW, "YQ==", 2), (BASE32, "MFRGG", 0), (BASE32, "1", 0),
        (BASE32, "ME====", 6), (BASE32, "MFR=====", 3),
    ],
)  # fmt: skip
def test_the_error_names_the_byte(encoding, text, byte):
    with pytest.raises(BadEncoding, match=rf"at input byte {byte}$"):
        decode(encoding, text.encode())
