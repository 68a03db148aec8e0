"""The email action against a real SMTP server on loopback."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.smtp import EmailBackend

from actions import ClientError, ServerError, Stopped, _smtp
from actions import email as module
from actions._contract import Cancellation
from actions._sockets import connect
from tests.peers.authority import Authority
from tests.peers.ports import free_port
from tests.peers.smtp import Mailbox, running_smtp, silent_server

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A server without TLS that wants no login."""
    with running_smtp() as server:
        yield server


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tests' authority one of the system's."""
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


def mail(mailbox: Mailbox, **changes: Any) -> dict[str, Any]:
    configuration = {
        "smtp_hostname": "127.0.0.1",
        "smtp_port": str(mailbox.port),
        "from_address": "utask@example.org",
        "to": ["ann@example.org"],
        "subject": "Hello",
        "body": "Hi there",
    }
    return configuration | changes


def test_a_mail_arrives_as_it_was_written(run_action, mailbox):
    configuration = mail(
        mailbox,
        from_name="µTask, the engine",
        to=["ann@example.org", "bob@example.org"],
        subject="Zażółć gęślą jaźń " * 5,
        body=".leading dot\nZoé\n" + "x" * 2_000,
    )
    result = run_action("email", configuration)
    expected = {key: configuration[key] for key in ("from_address", "from_name", "to", "subject", "body")}
    assert (result.output, result.metadata) == (expected, None)
    [got] = mailbox.mails
    assert (got.sender, got.recipients) == ("utask@example.org", ["ann@example.org", "bob@example.org"])
    assert str(got.message["From"]) == '"µTask, the engine" <utask@example.org>'
    assert str(got.message["To"]) == "ann@example.org, bob@example.org"
    assert str(got.message["Subject"]).strip() == configuration["subject"].strip()
    assert got.message.get_content().replace("\r\n", "\n").rstrip("\n") == configuration["body"]
    assert got.message["Date"]
    assert got.message["Message-ID"]


def test_no_name_of_a_sender_is_no_key_of_the_output(run_action, mailbox):
    assert "from_name" not in run_action("email", mail(mailbox)).output


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>x</h1>", "text/html"),
        ("  \n<!DOCTYPE HTML><html></html>", "text/html"),
        ("<P>x", "text/html"),
        ("<!-- c -->", "text/html"),
        ("hello", "text/plain"),
        ("<heading>", "text/plain"),
        ("see <b>this</b>", "text/plain"),
    ],
)
def test_a_body_that_begins_with_a_tag_is_html(run_action, mailbox, body, expected):
    run_action("email", mail(mailbox, body=body))
    assert mailbox.mails[0].message.get_content_type() == expected
    assert mailbox.mails[0].message.get_content_charset() == "utf-8"


# TLS and logins


def test_starttls_is_used_when_offered_and_the_certificate_is_checked(run_action, authority, tmp_path, trusted):
    with running_smtp(tls=authority.server_context(tmp_path)) as server:
        run_action("email", mail(server))
        assert [got.encrypted for got in server.mails] == [True]


def test_an_untrusted_certificate_is_a_server_error_unless_the_check_is_off(run_action, authority, tmp_path):
    with running_smtp(tls=authority.server_context(tmp_path)) as server:
        with pytest.raises(ServerError, match="certificate refused"):
            run_action("email", mail(server))
        assert server.mails == []
        run_action("email", mail(server, smtp_skip_tls_verify="true"))
        assert [got.encrypted for got in server.mails] == [True]


def test_the_port_for_it_speaks_tls_from_the_start(run_action, authority, tmp_path, trusted, monkeypatch):
    with running_smtp(tls=authority.server_context(tmp_path), implicit_tls=True) as server:
        monkeypatch.setattr(module, "IMPLICIT_TLS_PORT", server.port)
        run_action("email", mail(server))
        assert len(server.mails) == 1


@pytest.mark.parametrize("left_out", [(), ("LOGIN",), ("PLAIN",)])
def test_a_login_takes_what_the_server_offers(run_action, authority, tmp_path, trusted, left_out):
    context = authority.server_context(tmp_path)
    with running_smtp(tls=context, users={"ann": "pa:ss"}, mechanisms_left_out=left_out) as server:
        run_action("email", mail(server, smtp_username="ann", smtp_password="pa:ss"))
        assert [got.user for got in server.mails] == ["ann"]


def test_a_wrong_password_is_definitive_and_not_shown(run_action, authority, tmp_path, trusted):
    with running_smtp(tls=authority.server_context(tmp_path), users={"ann": "pass"}) as server:
        with pytest.raises(ClientError, match="535") as raised:
            run_action("email", mail(server, smtp_username="ann", smtp_password="hunter2"))
        assert "hunter2" not in raised.value.message


def test_a_password_is_not_sent_in_clear_to_another_host(run_action, monkeypatch):
    with running_smtp(users={"ann": "pass"}) as server:
        monkeypatch.setattr(_smtp, "connect", lambda host, port: connect_to_loopback(port))
        configuration = mail(server, smtp_hostname="mail.example.org", smtp_username="ann", smtp_password="pass")
        with pytest.raises(ServerError, match="not sent without encryption"):
            run_action("email", configuration)


def connect_to_loopback(port: int) -> Any:
    return connect("127.0.0.1", port)


def test_without_an_offer_of_logins_none_is_tried(run_action, mailbox):
    run_action("email", mail(mailbox, smtp_username="ann", smtp_password="pass"))
    assert mailbox.mails[0].user is None


# Refusals


@pytest.mark.parametrize(
    ("who", "answer", "error"),
    [
        ("bob@example.org", "552 mailbox full", ClientError),
        ("bob@example.org", "550 no such user", ClientError),
        ("bob@example.org", "452 mailbox full just now", ServerError),
        ("DATA", "554 smells of spam", ClientError),
        ("DATA", "451 come back later", ServerError),
    ],
)
def test_a_definitive_refusal_blocks_and_a_passing_one_is_tried_again(run_action, mailbox, who, answer, error):
    mailbox.answers[who] = answer
    with pytest.raises(error, match=answer[:3]) as raised:
        run_action("email", mail(mailbox, to=["ann@example.org", "bob@example.org"]))
    assert type(raised.value) is error
    assert answer[4:] in raised.value.message
    assert mailbox.mails == []


def test_a_connection_lost_before_the_mail_was_handed_over_is_made_once_more(run_action, mailbox):
    mailbox.hang_ups = 1
    run_action("email", mail(mailbox))
    assert (mailbox.transactions, len(mailbox.mails)) == (2, 1)


def test_it_is_not_made_a_third_time(run_action, mailbox):
    mailbox.hang_ups = 5
    with pytest.raises(ServerError):
        run_action("email", mail(mailbox))
    assert mailbox.transactions == 2


def test_a_refused_connection_is_a_server_error(run_action):
    with pytest.raises(ServerError, match="connection refused"):
        run_action("email", mail(Mailbox(port=free_port())))


def test_a_name_that_does_not_resolve_is_a_server_error(run_action, mailbox):
    with pytest.raises(ServerError, match="cannot be resolved"):
        run_action("email", mail(mailbox, smtp_hostname="no-such-host.invalid"))


def test_a_server_that_says_nothing_is_given_up_in_time(run_action, monkeypatch):
    monkeypatch.setattr(_smtp, "CONNECT_LIMIT", timedelta(milliseconds=200))
    with silent_server() as port, pytest.raises(ServerError, match="timed out"):
        run_action("email", mail(Mailbox(port=port)))


def test_a_request_to_stop_ends_a_dialogue(run_action, context):
    cancelled = Cancellation()
    with silent_server() as port:
        thread = threading.Timer(0.2, cancelled.set)
        thread.start()
        with pytest.raises(Stopped):
            run_action("email", mail(Mailbox(port=port)), ctx=replace(context, cancelled=cancelled))
        thread.join()


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ["ann@example.org\r\nBcc: eve@example.org"]},
        {"subject": "Hello\r\nBcc: eve@example.org"},
        {"subject": "Hello\x0bBcc: eve@example.org"},
        {"subject": "Hello\u2028Bcc: eve@example.org"},
        {"from_name": "A\nB"},
        {"from_name": "A\x0cB"},
        {"to": ["ann@example.org\x0bBcc: eve@example.org"]},
        {"to": ["ann@example.org, eve@example.org"]},
        {"to": ["zoé@example..org"]},
        {"body": "half a letter: \ud83d"},
        {"to": ["no address"]},
        {"from_address": "@"},
        {"from_address": "a@b@c"},
    ],
)
def test_a_header_that_would_become_two_and_an_address_that_is_none_block(run_action, mailbox, changes):
    with pytest.raises(ClientError):
        run_action("email", mail(mailbox, **changes))
    assert mailbox.mails == []


def test_mailboxes_beyond_ascii_go_as_they_are_to_servers_that_take_them(run_action, mailbox):
    run_action("email", mail(mailbox, to=["zoé@exämple.org"], from_name="Zoé", from_address="ünit@example.org"))
    [got] = mailbox.mails
    assert (got.sender, got.recipients) == ("ünit@example.org", ["zoé@exämple.org"])
    assert (str(got.message["From"]), str(got.message["To"])) == ("Zoé <ünit@example.org>", "zoé@exämple.org")


def test_mailboxes_beyond_ascii_block_where_the_server_cannot_name_them(run_action):
    with running_smtp(beyond_ascii=False) as server:
        with pytest.raises(ClientError, match="does not take addresses that are not ASCII"):
            run_action("email", mail(server, to=["zoé@example.org"]))
        assert server.mails == []


def test_a_domain_beyond_ascii_goes_to_any_server_in_its_ascii_form(run_action):
    with running_smtp(beyond_ascii=False) as server:
        run_action("email", mail(server, to=["zoe@exämple.org"]))
        assert server.mails[0].recipients == ["zoe@xn--exmple-cua.org"]
        assert str(server.mails[0].message["To"]) == "zoe@xn--exmple-cua.org"


# What belongs to the installation


def test_the_mail_goes_through_djangos_own_backend(run_action, mailbox, monkeypatch):
    sent = []
    send = EmailBackend.send_messages

    def send_messages(backend: EmailBackend, messages: Any) -> int:
        sent.append((backend.host, backend.port, [(message.subject, message.to) for message in messages]))
        return send(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    run_action("email", mail(mailbox))
    assert sent == [("127.0.0.1", mailbox.port, [("Hello", ["ann@example.org"])])]
    assert len(mailbox.mails) == 1


def test_the_accounts_of_the_services_own_mail_are_none_of_a_steps(run_action, authority, tmp_path, trusted, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "ann", "pass"
    settings.EMAIL_USE_SSL, settings.EMAIL_SSL_CERTFILE = True, "/no/such/file"
    settings.DEFAULT_FROM_EMAIL = "service@example.org"
    with running_smtp(tls=authority.server_context(tmp_path), users={"ann": "pass"}) as server:
        with pytest.raises(ClientError, match="530"):
            run_action("email", mail(server))
        assert server.mails == []


def test_a_user_name_without_a_password_logs_in_with_an_empty_one(run_action, authority, tmp_path, trusted):
    with running_smtp(tls=authority.server_context(tmp_path), users={"ann": ""}) as server:
        run_action("email", mail(server, smtp_username="ann"))
        assert [got.user for got in server.mails] == ["ann"]


def test_a_server_in_a_denied_network_is_not_spoken_to(run_action, mailbox, context, surroundings):
    here = replace(context, surroundings=replace(surroundings, denied_networks=("127.0.0.0/8",)))
    with pytest.raises(ClientError, match="may not connect"):
        run_action("email", mail(mailbox), ctx=here)
    assert mailbox.transactions == 0


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"smtp_port": "{{.config.smtp.port}}"}, "template handle"),
        ({"smtp_port": "70000"}, "too large"),
        ({"smtp_port": "0"}, "too small"),
        ({"smtp_port": 25}, "in quotes"),
        ({"smtp_port": "-1"}, "digits"),
        ({"smtp_port": None}, "is required"),
        ({"to": []}, "to: must not be empty"),
        ({"to": None}, "to: is required"),
        ({"to": [1]}, "to[0]"),
        ({"subject": ""}, "subject"),
        ({"body": ""}, "body"),
        ({"smtp_hostname": ""}, "smtp_hostname"),
        ({"from_address": ""}, "from_address"),
        ({"smtp_skip_tls_verify": "yes"}, "boolean"),
        ({"smtp_skip_tls_verify": "{{.input.x}}"}, "template handle"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, changes, said):
    assert refused("email", mail(Mailbox(port=25))) == []
    assert said in "\n".join(refused("email", mail(Mailbox(port=25), **changes)))


def test_a_list_of_recipients_may_be_rendered(run_action, refused, mailbox):
    assert refused("email", mail(mailbox, to="{{ .input.to | toJson }}")) == []
    run_action("email", mail(mailbox, to='["ann@example.org", "bob@example.org"]'))
    assert mailbox.mails[0].recipients == ["ann@example.org", "bob@example.org"]


def test_it_holds_a_socket_and_its_server(registry, surroundings, mailbox):
    action = registry.get("email")
    cfg = action.decode(None, mail(mailbox), surroundings)
    assert action.resources(cfg, surroundings) == ["socket", "url:127.0.0.1"]
