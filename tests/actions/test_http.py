"""The http action against real servers on loopback."""

import base64
import gzip
from http.server import BaseHTTPRequestHandler

import pytest

from actions import ClientError, ServerError
from actions.http import content_type
from tests.peers.web import Received, Reply, json_reply

OK = {"url": "http://h/", "method": "GET"}


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "RANDOM"}, "method"),
        ({"method": "get"}, 'Did you mean "GET"'.replace('"', "'")),
        ({"method": None}, "is required"),
        ({"headers": [{"name": "", "value": "x"}]}, "headers[0].name"),
        ({"headers": [{"value": "x"}]}, "headers[0].name"),
        ({"query_parameters": [{"name": "", "value": "x"}]}, "query_parameters[0].name"),
        ({"auth": {"basic": {"user": "a", "password": "b"}, "bearer": "t"}}, "basic and bearer"),
        ({"auth": {"basic": {"user": "a", "password": "b"}, "digest": {"user": "a", "password": "b"}}}, "digest"),
        ({"auth": {"basic": {"user": "foo", "password": ""}}}, "auth.basic.password"),
        ({"auth": {"bearer": ""}}, "auth.bearer"),
        ({"auth": {"mutual_tls": {"client_cert": "x", "client_key": ""}}}, "auth.mutual_tls.client_key"),
        ({"url": ""}, "url or host"),
        ({"path": "/x"}, "url"),
        ({"host": "http://h"}, "url"),
        ({"timeout": 30}, "timeout: must be a duration"),
        ({"follow_redirect": True}, "in quotes"),
        ({"body": {"a": 1}}, "body: must be text"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, changes, said):
    assert said in "\n".join(refused("http", OK | changes))


@pytest.mark.parametrize(
    "configuration",
    [
        OK | {"timeout": "10s", "follow_redirect": "false", "auth": {"basic": {"user": "foo", "password": "bar"}}},
        {"host": "https://example.org", "method": "PATCH"},
        {"host": "https://example.org", "path": "/x", "method": "DELETE"},
        OK | {"method": "{{.input.m}}"},
        OK | {"timeout": "{{.input.t}}", "follow_redirect": "{{.input.f}}"},
        OK | {"headers": [{"name": "{{.input.n}}", "value": "1"}]},
        OK | {"headers": "{{.input.headers | toJson}}"},
        OK | {"timeout": "30"},
    ],
)
def test_a_configuration_that_may_work_is_accepted(refused, configuration):
    assert refused("http", configuration) == []


def test_a_timeout_that_is_no_duration_is_warned_of_and_fails_the_run(warned, run_action):
    assert warned("http", OK | {"timeout": "30"}) == [
        "timeout: '30' is not a duration (such as 30s or 1m30s). Perhaps \"30s\"."
    ]
    with pytest.raises(ServerError, match="timeout"):
        run_action("http", OK | {"timeout": "30"})


def test_a_key_of_an_earlier_version_is_warned_of_with_its_successor(warned):
    assert warned("http", OK | {"timeout_seconds": "3"}) == [
        'timeout_seconds: unknown key "timeout_seconds", which is ignored. Write timeout: "30s".'
    ]


# The request


def test_the_query_is_sorted_by_name_and_keeps_equal_names_in_order(run_action, web):
    web.on("/p", Reply())
    parameters = [{"name": "a", "value": "0"}, {"name": "é", "value": "b c"}]
    run_action("http", {"url": f"{web.url}/p?b=1&a=2&a=1", "method": "GET", "query_parameters": parameters})
    assert web.last.target == "/p?a=2&a=1&a=0&b=1&%C3%A9=b+c"


def test_host_gives_scheme_and_authority_only(run_action, web):
    web.on("/v1/y", Reply())
    host = f"http://user:pass@127.0.0.1:{web.port}/api?x=1"
    run_action("http", {"host": host, "path": "/v1/y?z=2", "method": "GET"})
    assert web.last.target == "/v1/y?z=2"
    assert "authorization" not in web.last.headers


def test_a_host_without_scheme_fails(run_action):
    with pytest.raises(ServerError, match="malformed"):
        run_action("http", {"host": "example.org", "path": "/x", "method": "GET"})


def test_bearer_query_cookies_and_json_come_through(run_action, web):
    url = web.on("/stuff", json_reply('{"foo": "bar"}', 200, ("Set-Cookie", "Cookie-1=foo; Path=/")))
    result = run_action(
        "http",
        {
            "url": url,
            "method": "GET",
            "query_parameters": [{"name": "foo", "value": "bar"}],
            "auth": {"bearer": "my_token"},
        },
    )
    assert web.last.target == "/stuff?foo=bar"
    assert web.last.headers["authorization"] == "Bearer my_token"
    assert result.output == {"foo": "bar"}
    assert sorted(result.metadata) == ["HTTPCookies", "HTTPHeaders", "HTTPStatus"]
    assert result.metadata["HTTPStatus"] == 200
    assert result.metadata["HTTPCookies"] == {"Cookie-1": "foo"}
    assert result.metadata["HTTPHeaders"]["Content-Type"] == "application/json"
    assert result.metadata["HTTPHeaders"]["Set-Cookie"] == "Cookie-1=foo; Path=/"


def test_a_header_that_comes_twice_is_there_as_a_list_too(run_action, web):
    url = web.on("/", Reply(200, "", [("x-request-id", "1"), ("X-Request-Id", "2")]))
    metadata = run_action("http", {"url": url, "method": "GET"}).metadata
    assert metadata["HTTPHeaders"]["X-Request-Id"] == "1"
    assert metadata["HTTPHeaderLists"]["X-Request-Id"] == ["1", "2"]


def test_an_explicit_authorization_header_wins_and_a_later_header_replaces_an_earlier(run_action, web):
    url = web.on("/", Reply())
    headers = [{"name": "X-A", "value": "1"}, {"name": "x-a", "value": "ü"}, {"name": "authorization", "value": "own"}]
    run_action("http", {"url": url, "method": "GET", "headers": headers, "auth": {"bearer": "token"}})
    assert web.last.headers["authorization"] == "own"
    assert web.last.headers["x-a"].encode("latin-1").decode() == "ü"


def test_basic_authentication_is_sent(run_action, web):
    url = web.on("/", Reply())
    run_action("http", {"url": url, "method": "GET", "auth": {"basic": {"user": "ann", "password": "p:ü"}}})
    assert base64.b64decode(web.last.headers["authorization"].removeprefix("Basic ")).decode() == "ann:p:ü"


def test_bearer_wins_over_a_basic_login_of_the_base_configuration(run_action, web):
    url = web.on("/", Reply())
    base = {"auth": {"basic": {"user": "ann", "password": "secret"}}}
    run_action("http", {"url": url, "method": "GET", "auth": {"bearer": "token"}}, base=base)
    assert web.last.headers["authorization"] == "Bearer token"


def test_digest_authentication_answers_the_challenge(run_action, web):
    def challenge(got: Received, _: BaseHTTPRequestHandler) -> Reply:
        if got.headers.get("authorization", "").startswith("Digest "):
            return Reply(200, "in")
        nonce = 'Digest realm="r", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop="auth", algorithm=SHA-256'
        return Reply(401, "who?", [("WWW-Authenticate", nonce)])

    url = web.on("/d", challenge)
    result = run_action("http", {"url": url, "method": "GET", "auth": {"digest": {"user": "ann", "password": "p"}}})
    assert result.output == "in"
    assert 'username="ann"' in web.last.headers["authorization"]
    assert 'uri="/d"' in web.last.headers["authorization"]
    assert [got.headers.get("authorization", "")[:6] for got in web.received] == ["", "Digest"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": 1}', "application/json"),
        (' "text"', "application/json"),
        ("123 abc", "application/json"),
        ("<a><b/></a>", "application/xml"),
        ('<?xml version="1.0"?><a/> rest', "application/xml"),
        ("<a><b></a>", ""),
        ("hello", ""),
        ("NaN", ""),
        ("", ""),
    ],
)
def test_the_content_type_is_guessed_from_the_beginning_of_the_body(body, expected):
    assert content_type(body) == expected


def test_a_body_is_sent_with_its_guessed_type_unless_a_header_names_one(run_action, web):
    url = web.on("/", Reply())
    run_action("http", {"url": url, "method": "POST", "body": '{"name": "Zoé"}'})
    assert (web.last.text, web.last.headers["content-type"]) == ('{"name": "Zoé"}', "application/json")
    headers = [{"name": "content-type", "value": "text/x"}]
    run_action("http", {"url": url, "method": "PUT", "body": "{}", "headers": headers})
    assert (web.last.method, web.last.headers["content-type"]) == ("PUT", "text/x")


def test_a_header_with_a_line_break_is_not_sent(run_action, web):
    with pytest.raises(ServerError, match="X-A"):
        run_action(
            "http", {"url": web.url, "method": "GET", "headers": [{"name": "X-A", "value": "secret\r\nHost: evil"}]}
        )
    assert web.received == []


def test_a_rendered_method_that_does_not_exist_is_the_requesters_mistake(run_action, web):
    with pytest.raises(ClientError, match="method"):
        run_action("http", {"url": web.url, "method": "FETCH"})


# The answer


def test_numbers_of_the_answer_keep_their_value(run_action, web):
    url = web.on("/", json_reply('{"n": 12345678901234567890, "f": 1.10} trailing'))
    output = run_action("http", {"url": url, "method": "GET"}).output
    assert str(output["n"]) == "12345678901234567890"
    assert str(output["f"]) == "1.10"


def test_any_other_type_than_json_is_a_text(run_action, web):
    url = web.on("/", Reply(200, '{"a": 1}', [("Content-Type", "application/problem+json")]))
    assert run_action("http", {"url": url, "method": "GET"}).output == '{"a": 1}'


def test_no_body_is_an_empty_text(run_action, web):
    url = web.on("/", Reply(204, "", [("Content-Type", "application/json")]))
    assert run_action("http", {"url": url, "method": "DELETE"}).output == ""


def test_trim_prefix_goes_once_from_the_start(run_action, web):
    url = web.on("/", json_reply(")]}'\n" * 1 + '{"a": 1}'))
    assert run_action("http", {"url": url, "method": "GET", "trim_prefix": ")]}'\n"}).output == {"a": 1}


def test_a_declared_charset_is_used_and_broken_text_is_replaced(run_action, web):
    latin = web.on("/latin", Reply(200, "Zoé".encode("latin-1"), [("Content-Type", "text/plain; charset=iso-8859-1")]))
    broken = web.on("/broken", Reply(200, b"a\xff\x00b"))
    assert run_action("http", {"url": latin, "method": "GET"}).output == "Zoé"
    assert run_action("http", {"url": broken, "method": "GET"}).output == "a\ufffd\x00b"


def test_a_binary_answer_can_be_kept_whole(run_action, web):
    url = web.on("/", Reply(200, b"\x89PNG\xff\x00"))
    output = run_action("http", {"url": url, "method": "GET", "response": "base64"}).output
    assert base64.b64decode(output) == b"\x89PNG\xff\x00"


def test_a_compressed_answer_is_unpacked(run_action, web):
    packed = gzip.compress(b'{"a": 1}')
    url = web.on("/", Reply(200, packed, [("Content-Encoding", "gzip"), ("Content-Type", "application/json")]))
    result = run_action("http", {"url": url, "method": "GET"})
    assert result.output == {"a": 1}
    assert "Content-Encoding" not in result.metadata["HTTPHeaders"]


@pytest.mark.parametrize(
    ("status", "body", "error", "output"),
    [
        (404, '{"why": "gone"}', ClientError, {"why": "gone"}),
        (404, "oops", ClientError, "oops"),
        (500, '{"why": "bug"}', ServerError, {"why": "bug"}),
        (503, "oops", ServerError, "oops"),
        (302, "{}", ServerError, {}),
        (200, "oops", ServerError, None),
    ],
)
def test_the_status_decides_the_class_of_the_error(run_action, web, status, body, error, output):
    url = web.on("/", json_reply(body, status, ("Location", "/elsewhere")))
    with pytest.raises(error) as raised:
        run_action("http", {"url": url, "method": "GET"})
    assert raised.value.output == output
    assert raised.value.metadata["HTTPStatus"] == status
    if status != 200:
        assert str(status) in raised.value.message
        assert body in raised.value.message


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_long_is_not_read_to_its_end(run_action, web, packed):
    body = gzip.compress(b"x" * 50_000_000) if packed else b"x" * 200_001
    url = web.on("/", Reply(200, body, [("Content-Encoding", "gzip")] if packed else []))
    with pytest.raises(ClientError, match="longer than 200000 bytes") as raised:
        run_action("http", {"url": url, "method": "GET", "max_response_bytes": 200_000})
    assert raised.value.metadata["HTTPStatus"] == 200


# Redirects


def test_redirects_are_followed_only_when_asked(run_action, web):
    web.on("/end", Reply(200, "end"))
    url = web.on("/start", Reply(302, "", [("Location", "/end?x=1")]))
    assert run_action("http", {"url": url, "method": "GET", "follow_redirect": "true"}).output == "end"
    with pytest.raises(ServerError):
        run_action("http", {"url": url, "method": "GET", "follow_redirect": "false"})


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "PUT", "{}"), (308, "PUT", "{}")],
)
def test_a_redirect_keeps_or_drops_method_and_body_by_its_status(run_action, web, status, method, body):
    web.on("/end", Reply(200))
    url = web.on("/start", Reply(status, "", [("Location", "/end")]))
    run_action("http", {"url": url, "method": "PUT", "body": "{}", "follow_redirect": "true"})
    assert (web.last.path, web.last.method, web.last.text) == ("/end", method, body)


def test_the_eleventh_redirect_is_too_many(run_action, web):
    web.on("/loop", Reply(302, "", [("Location", "/loop")]))
    with pytest.raises(ServerError, match="more than 10 redirects"):
        run_action("http", {"url": f"{web.url}/loop", "method": "GET", "follow_redirect": "1"})
    assert len(web.received) == 11


def test_credentials_do_not_follow_to_another_host_nor_cookies_anywhere(run_action, web):
    web.on("/end", Reply(200))
    moved = [("Location", f"http://localhost:{web.port}/end"), ("Set-Cookie", "a=b")]
    url = web.on("/start", Reply(307, "", moved))
    headers = [{"name": "X-Kept", "value": "1"}]
    run_action(
        "http",
        {"url": url, "method": "GET", "follow_redirect": "true", "auth": {"bearer": "t"}, "headers": headers},
    )
    assert web.last.path == "/end"
    assert "authorization" not in web.last.headers
    assert "cookie" not in web.last.headers
    assert web.last.headers["x-kept"] == "1"


# Resources


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"url": "https://u:p@example.org:8443/x", "method": "GET"}, ["socket", "url:example.org:8443"]),
        ({"host": "http://h", "path": "/x", "method": "GET"}, ["socket", "url:h"]),
        ({"url": "/x", "method": "GET"}, ["socket"]),
        ({"url": "http://[", "method": "GET"}, ["socket"]),
    ],
)
def test_a_request_holds_a_socket_and_its_host(registry, surroundings, configuration, expected):
    action = registry.get("http")
    assert action.resources(action.decode(None, configuration, surroundings), surroundings) == expected


def test_the_metadata_schema_knows_every_key_that_is_given(registry, run_action, web):
    url = web.on("/", Reply(200, "", [("A", "1"), ("A", "2")]))
    schema = registry.metadata_schema("http")
    assert set(run_action("http", {"url": url, "method": "GET"}).metadata) == set(schema["properties"])
