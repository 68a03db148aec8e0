"""What travels compressed, and what does not."""

import gzip

import pytest

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/static/utask/pages.css", "/ui/swagger/"])
def test_a_page_and_what_it_loads_are_compressed_where_the_browser_takes_it(client, path):
    plain = client.get(path)
    assert "Content-Encoding" not in plain.headers
    packed = client.get(path, headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    sent = packed.getvalue()
    assert len(sent) < len(gzip.decompress(sent))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/unsecured/spec.json", "/metrics"])
def test_answers_of_the_api_stay_as_they_are(client, path):
    assert "Content-Encoding" not in client.get(path, headers=GZIP).headers


@pytest.mark.django_db
def test_an_unchanged_file_is_not_sent_again(client):
    first = client.get("/static/utask/pages.css", headers=GZIP)
    again = client.get("/static/utask/pages.css", headers={**GZIP, "If-Modified-Since": first.headers["Last-Modified"]})
    assert again.status_code == 304
    assert again.getvalue() == b""
