"""The http action where the network, the certificate or the clock is against it."""

import contextlib
import os
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from actions import ClientError, ServerError, Stopped
from actions._contract import Cancellation
from actions._sockets import is_denied
from tests.peers.authority import Authority
from tests.peers.ports import free_port
from tests.peers.proxy import tunnelling_proxy
from tests.peers.web import Received, Reply, WebPeer

# Failures without an answer


def test_a_refused_connection_is_a_server_error_without_output(run_action):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path?token=secret"
        with pytest.raises(ServerError, match="connection refused") as raised:
            run_action("http", {"url": url, "method": "GET"})
    assert (raised.value.output, raised.value.metadata) == (None, None)
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://no-such-host.invalid/", "cannot be resolved"),
        ("ftp://example.org/", "malformed"),
        ("http://", "malformed"),
        ("http://h:99999/", "malformed"),
        ("http://[::1/", "malformed"),
        ("http://exa mple.org/", "malformed"),
        ("nothing", "malformed"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_server_error(run_action, url, said):
    with pytest.raises(ServerError, match=said):
        run_action("http", {"url": url, "method": "GET"})


def test_a_peer_that_does_not_speak_http_is_a_server_error(run_action):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak_nonsense() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-nothing\r\n\r\n")

        thread = threading.Thread(target=speak_nonsense)
        thread.start()
        with pytest.raises(ServerError, match="no HTTP"):
            run_action("http", {"url": f"http://127.0.0.1:{server.getsockname()[1]}/", "method": "GET"})
        thread.join()


def test_an_answer_that_breaks_off_is_a_server_error(run_action, web):
    def half(got: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True

    url = web.on("/half", half)
    with pytest.raises(ServerError, match="the answer broke off"):
        run_action("http", {"url": url, "method": "GET"})


def test_a_limit_of_years_is_a_limit(run_action, web):
    url = web.on("/", Reply(200, "x"))
    assert run_action("http", {"url": url, "method": "GET", "timeout": "2000000h"}).output == "x"


def _drip(got: Received, handler: BaseHTTPRequestHandler) -> None:
    """An answer of which a byte comes now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b".")
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


def test_the_limit_covers_the_whole_exchange_also_when_bytes_keep_coming(run_action, web):
    url = web.on("/drip", _drip)
    with pytest.raises(ServerError, match="timed out"):
        run_action("http", {"url": url, "method": "GET", "timeout": "200ms"})


def test_the_steps_own_deadline_counts_where_the_action_has_no_limit(run_action, web):
    url = web.on("/drip", _drip)
    with pytest.raises(ServerError, match="timed out"):
        run_action("http", {"url": url, "method": "GET", "timeout": "0s"}, deadline=time.monotonic() + 0.2)


def test_a_request_to_stop_ends_a_waiting_exchange(run_action, web, context):
    cancelled = Cancellation()

    def stop_then_wait(got: Received, handler: BaseHTTPRequestHandler) -> None:
        cancelled.set()
        handler.rfile.read(1)

    url = web.on("/hang", stop_then_wait)
    with pytest.raises(Stopped):
        run_action("http", {"url": url, "method": "GET", "timeout": "0s"}, ctx=replace(context, cancelled=cancelled))


# Connections


def test_a_connection_is_used_again(run_action, web):
    url = web.on("/", Reply(200, "x"))
    for _ in range(3):
        run_action("http", {"url": url, "method": "GET"})
    assert len({got.connection for got in web.received}) == 1


def test_a_kept_connection_that_the_server_closes_is_no_error(run_action, web):
    asked = []

    def close_at_the_second(got: Received, handler: BaseHTTPRequestHandler) -> Reply | None:
        asked.append(got)
        if len(asked) == 2:
            handler.close_connection = True
            return None
        return Reply(200, "x")

    url = web.on("/", close_at_the_second)
    for _ in range(2):
        assert run_action("http", {"url": url, "method": "GET"}).output == "x"
    assert len(asked) == 3


def test_a_post_is_never_sent_twice(run_action, web):
    def close(got: Received, handler: BaseHTTPRequestHandler) -> Reply | None:
        if got.method == "GET":
            return Reply(200, "x")
        handler.close_connection = True
        return None

    url = web.on("/", close)
    run_action("http", {"url": url, "method": "GET"})
    with pytest.raises(ServerError, match="without an answer"):
        run_action("http", {"url": url, "method": "POST", "body": "x"})
    assert [got.method for got in web.received] == ["GET", "POST"]


# TLS


def test_a_certificate_of_an_unknown_authority_is_refused(run_action, secure_web):
    with pytest.raises(ServerError, match="certificate refused"):
        run_action("http", {"url": secure_web.url, "method": "GET"})


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_root_ca_adds_an_authority_and_skipping_the_check_needs_none(run_action, secure_web, authority):
    url = secure_web.on("/", Reply(200, "in"))
    assert run_action("http", {"url": url, "method": "GET", "root_ca": authority.pem}).output == "in"
    assert run_action("http", {"url": url, "method": "GET", "insecure_skip_verify": "true"}).output == "in"


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_connection_that_was_not_checked_is_never_used_for_a_checked_request(run_action, secure_web):
    url = secure_web.on("/", Reply(200, "in"))
    run_action("http", {"url": url, "method": "GET", "insecure_skip_verify": "true"})
    with pytest.raises(ServerError, match="certificate refused"):
        run_action("http", {"url": url, "method": "GET"})


def test_a_certificate_for_another_name_is_refused(run_action, authority, tmp_path):
    other = authority.issue("other.example", addresses=())
    with WebPeer(authority.server_context(tmp_path / "other", certificate=other)).serving() as peer:
        with pytest.raises(ServerError, match="certificate refused"):
            run_action("http", {"url": peer.url, "method": "GET", "root_ca": authority.pem})
        assert peer.received == []


def test_a_client_certificate_opens_a_server_that_asks_for_one(run_action, authority, tmp_path):
    own = authority.issue("worker")
    with WebPeer(authority.server_context(tmp_path / "mtls", clients=True)).serving() as peer:
        url = peer.on("/", Reply(200, "in"))
        configuration = {"url": url, "method": "GET", "root_ca": authority.pem}
        with pytest.raises(ServerError):
            run_action("http", configuration)
        mutual = {"mutual_tls": {"client_cert": own.certificate, "client_key": own.key}}
        assert run_action("http", configuration | {"auth": mutual}).output == "in"


@pytest.mark.parametrize(
    "changes",
    [
        {"root_ca": "no certificate"},
        {"auth": {"mutual_tls": {"client_cert": "no certificate", "client_key": "no key"}}},
    ],
)
def test_unreadable_certificates_are_a_server_error(run_action, secure_web, changes):
    with pytest.raises(ServerError, match="PEM") as raised:
        run_action("http", {"url": secure_web.url, "method": "GET"} | changes)
    assert raised.value.metadata is None


def test_a_key_that_does_not_belong_to_the_certificate_is_a_server_error(run_action, secure_web, authority):
    one, other = authority.issue(), Authority("Other").issue()
    mutual = {"mutual_tls": {"client_cert": one.certificate, "client_key": other.key}}
    with pytest.raises(ServerError, match="no matching pair") as raised:
        run_action("http", {"url": secure_web.url, "method": "GET", "auth": mutual})
    assert "PRIVATE" not in raised.value.message


# Denied networks


@pytest.mark.parametrize(
    ("address", "denied"),
    [
        ("169.254.169.254", True),
        ("::ffff:169.254.169.254", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("2002:a9fe:a9fe::", True),
        ("fe80::1%eth0", True),
        ("fd00:ec2::254", True),
        ("100.100.100.200", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
    ],
)
def test_the_addresses_of_cloud_metadata_are_denied_in_any_dress(address, denied, surroundings):
    assert is_denied(address, surroundings.denied_networks) is denied


def test_a_denied_network_is_refused_by_address_by_name_and_after_a_redirect(run_action, web, context):
    closed = replace(context, surroundings=replace(context.surroundings, denied_networks=("127.0.0.1/32", "::1/128")))
    for url in (web.url, f"http://localhost:{web.port}/", f"http://0x7f000001:{web.port}/"):
        with pytest.raises(ClientError, match="may not connect"):
            run_action("http", {"url": url, "method": "GET"}, ctx=closed)
    assert web.received == []
    metadata_service = replace(
        context, surroundings=replace(context.surroundings, denied_networks=("127.0.0.9/32", "169.254.0.0/16"))
    )
    url = web.on("/start", Reply(302, "", [("Location", f"http://127.0.0.9:{web.port}/")]))
    with pytest.raises(ClientError, match="may not connect"):
        run_action("http", {"url": url, "method": "GET", "follow_redirect": "true"}, ctx=metadata_service)
    assert [got.path for got in web.received] == ["/start"]


def test_a_connection_that_was_allowed_is_not_there_for_whom_it_is_denied(run_action, web, context):
    url = web.on("/", Reply(200))
    run_action("http", {"url": url, "method": "GET"})
    closed = replace(context, surroundings=replace(context.surroundings, denied_networks=("127.0.0.0/8",)))
    with pytest.raises(ClientError):
        run_action("http", {"url": url, "method": "GET"}, ctx=closed)


def test_a_proxy_from_the_environment_is_used_and_does_not_open_a_denied_network(run_action, web, monkeypatch):
    monkeypatch.setenv("http_proxy", web.url)
    web.on("/thing", Reply(200, "by proxy"))
    assert run_action("http", {"url": "http://example.invalid/thing", "method": "GET"}).output == "by proxy"
    assert web.last.target == "http://example.invalid/thing"
    with pytest.raises(ClientError, match="may not connect"):
        run_action("http", {"url": "http://169.254.169.254/latest", "method": "GET"})
    monkeypatch.setenv("no_proxy", "example.invalid")
    with pytest.raises(ServerError, match="cannot be resolved"):
        run_action("http", {"url": "http://example.invalid/thing", "method": "GET"})


def test_a_duration_below_a_microsecond_is_not_no_limit(run_action, web):
    url = web.on("/", Reply(200))
    with pytest.raises(ServerError, match="timed out"):
        run_action("http", {"url": url, "method": "GET", "timeout": "1ns"})


def test_https_goes_through_a_tunnel_and_is_checked_at_its_end(run_action, secure_web, authority, monkeypatch):
    secure_web.on("/", Reply(200, "through"))
    with tunnelling_proxy() as (proxy, tunnels):
        monkeypatch.setenv("https_proxy", proxy.replace("http://", "http://user:pass@"))
        monkeypatch.setenv("no_proxy", "")
        step = {"url": f"https://localhost.:{secure_web.port}/", "method": "GET", "root_ca": authority.pem}
        assert run_action("http", step).output == "through"
        with pytest.raises(ServerError, match="certificate refused"):
            run_action("http", step | {"url": f"https://other.invalid:{secure_web.port}/"})
        assert tunnels == [f"localhost.:{secure_web.port}", f"other.invalid:{secure_web.port}"]


def test_a_proxy_that_is_down_is_a_server_error(run_action, monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ServerError, match="connection refused"):
        run_action("http", {"url": "https://other.invalid/", "method": "GET"})


def test_a_forked_child_opens_connections_of_its_own(run_action, web):
    url = web.on("/", Reply(200, "x"))
    run_action("http", {"url": url, "method": "GET"})
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os._exit(0 if run_action("http", {"url": url, "method": "GET"}).output == "x" else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    run_action("http", {"url": url, "method": "GET"})
    mine, childs, mine_again = [got.connection for got in web.received]
    assert mine == mine_again != childs
