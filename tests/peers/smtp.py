"""A real SMTP server on loopback that keeps what it gets, and refuses as told."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.peers.ports import free_port


@dataclass
class Mail:
    """A mail as it arrived."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool
    user: str | None


@dataclass
class Mailbox:
    """What a server got, and how it behaves: answers by recipient (``"552 mailbox full"``), and who may log in."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    #: Hang up on that many transactions before taking one.
    hang_ups: int = 0
    transactions: int = 0

    async def handle_MAIL(  # names that the library looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.transactions += 1
        if self.transactions <= self.hang_ups:
            assert server.transport is not None
            server.transport.close()
            return "421 going away"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        user = session.auth_data.login.decode() if session.authenticated else None
        encrypted = session.ssl is not None
        self.mails.append(Mail(envelope.mail_from or "", envelope.rcpt_tos, message, encrypted, user))
        return "250 OK"

    def authenticated(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and self.users.get(data.login.decode()) == data.password.decode()
        # Refused and not handled: the library tells the client so.
        return AuthResult(success=known, handled=known, auth_data=data)


@contextlib.contextmanager
def running_smtp(
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    users: dict[str, str] | None = None,
    mechanisms_left_out: tuple[str, ...] = (),
    beyond_ascii: bool = True,
) -> Iterator[Mailbox]:
    """Start a server: in clear, with STARTTLS (``tls``), or TLS from the start; with ``users`` it wants a login."""
    mailbox = Mailbox(port=free_port(), users=users or {})
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        ssl_context=tls if implicit_tls else None,
        tls_context=None if implicit_tls else tls,
        authenticator=mailbox.authenticated if users else None,
        auth_require_tls=not users,
        auth_required=bool(users),
        auth_exclude_mechanism=mechanisms_left_out,
        server_hostname="localhost",
        enable_SMTPUTF8=beyond_ascii,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
