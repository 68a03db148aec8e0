"""URLs taken apart and put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine.gotemplate.sprig.webaddresses import InvalidUrl, Url, join_url, parse_url

_pieces = st.lists(
    st.sampled_from(
        [
            "http",
            ":",
            "//",
            "/",
            "?",
            "#",
            "@",
            "%20",
            "%zz",
            "[::1]",
            "[",
            "]",
            "h",
            "80",
            "é",
            " ",
            "*",
            ";",
            "&",
            "=",
        ]
    ),
    max_size=12,
).map(lambda pieces: "".join(pieces).encode())


@given(_pieces | st.binary(max_size=30))
def test_any_bytes_are_a_url_or_refused(text):
    try:
        url = parse_url(text)
    except InvalidUrl:
        return
    assert isinstance(join_url(url), bytes)


@given(_pieces)
def test_a_url_put_together_is_taken_apart_into_the_same_parts(text):
    try:
        url = parse_url(text)
        again = parse_url(join_url(url))
    except InvalidUrl:
        return
    if url.scheme and url.host:
        assert again == url


def test_each_part_is_where_it_belongs():
    url = parse_url(b"HTTPS://us%40er:p%3Aw@host.com:8080/a%20b/c?q=%20#fr%41g")
    assert url == Url(
        scheme=b"https",
        user=(b"us@er", b"p:w"),
        host=b"host.com:8080",
        path=b"/a b/c",
        query=b"q=%20",
        fragment=b"frAg",
    )
    assert url.hostname == b"host.com"
    assert url.userinfo == b"us%40er:p%3Aw"
    assert join_url(url) == b"https://us%40er:p%3Aw@host.com:8080/a%20b/c?q=%20#frAg"


@pytest.mark.parametrize(
    "text",
    [
        b":x", b"1http://x", b"%zz", b"http://h/%z", b"http://a b/", b"http://h:port/", b"http://[::1", b"http://[h]/",
        b"http://[1.2.3.4]/", b"http://x[::1]/", b"http://h%20/", b"http://u ser@h/", b"http://h/\n", b"a:b\x7f",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused(text):
    with pytest.raises(InvalidUrl):
        parse_url(text)
