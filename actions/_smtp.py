"""Django's mail, over connections that keep the rules of a step. Used by ``email`` only.

Where a step needs more than Django's backend does, the difference is here: STARTTLS and a login where the server offers
them, no password in clear to another host, all recipients or none, mailboxes beyond ASCII, denied networks, the time
left, a request to stop. Read from ``Backend``; ``Dialogue`` says how far one try has come.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import timedelta
from email import charset
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.policy import SMTPUTF8
from functools import cached_property
from io import BytesIO
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from actions._contract import Context
from actions._errors import ServerError
from actions._pools import Tls, tls_context
from actions._sockets import Exchange, connect

CONNECT_LIMIT = timedelta(seconds=10)
DIALOGUE_LIMIT = timedelta(seconds=10)

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

#: Lines of any length and letters of any kind, for servers that take short lines of 7 bits only.
_QUOTED_PRINTABLE = charset.Charset("utf-8")
_QUOTED_PRINTABLE.body_encoding = charset.QP


class Mail(EmailMessage):
    """One mail, its addresses checked before. Whoever reads the message off the line sees ``sender`` and ``to``."""

    encoding = _QUOTED_PRINTABLE

    def __init__(self, sender: Address, to: Sequence[Address], subject: str, body: str) -> None:
        super().__init__(
            subject,
            body,
            from_email=sender.addr_spec,
            to=[address.addr_spec for address in to],
            headers={"From": str(sender)},
        )
        #: A server must take mailboxes beyond ASCII as they are; a domain has an ASCII form, which Django sends.
        self.needs_utf8 = not all(address.username.isascii() for address in (sender, *to))

    def as_utf8(self) -> bytes:
        """The message for a server that takes UTF-8 in headers. Django would write a mailbox beyond ASCII as an encoded
        word, which is another mailbox."""
        message = self.message()
        message.replace_header("From", self.extra_headers["From"])
        message.replace_header("To", ", ".join(self.to))
        written = BytesIO()
        BytesGenerator(written, mangle_from_=False, policy=SMTPUTF8).flatten(message)
        return written.getvalue()


class Dialogue(Exchange):
    """One connection to a mail server and what is said on it."""

    def __init__(self, ctx: Context, mail: Mail) -> None:
        super().__init__(ctx.seconds_left(CONNECT_LIMIT), ctx.surroundings.denied_networks)
        self._ctx = ctx
        self.mail = mail
        self.is_connected = False
        #: The server may have taken the mail: it is not sent a second time.
        self.handed_over = False

    def begin(self) -> None:
        """The server has greeted: from here another limit counts."""
        self.is_connected = True
        self.deadline = time.monotonic() + (self._ctx.seconds_left(DIALOGUE_LIMIT) or 0)


class Connection(smtplib.SMTP):
    """A connection that belongs to the dialogue that its thread is in."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(host, port)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self._called = host
        greeting = super().connect(host, port, source_address)
        _dialogue().begin()
        return greeting

    def starttls(self, keyfile: Any = None, certfile: Any = None, context: ssl.SSLContext | None = None) -> Any:
        """Turn to TLS if the server offers it."""
        self.ehlo_or_helo_if_needed()
        return super().starttls(context=context) if self.has_extn("starttls") else None

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> Any:
        """Log in if the server wants logins, by the best way that it offers. Raises ServerError rather than tell all
        the network the password."""
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("auth"):
            return None
        offered = self.esmtp_features["auth"].upper().split()
        self.user, self.password = user, password
        if "CRAM-MD5" in offered:
            return self.auth("CRAM-MD5", self.auth_cram_md5)
        if "LOGIN" in offered and "PLAIN" not in offered:
            return self.auth("LOGIN", self.auth_login)
        if not isinstance(self.sock, ssl.SSLSocket) and self._called not in _LOOPBACK:
            raise ServerError(f"{self._called}: the password is not sent without encryption.")
        return self.auth("PLAIN", self.auth_plain)

    def sendmail(
        self,
        from_addr: str,
        to_addrs: str | Sequence[str],
        msg: Any,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> Any:
        """Raises SMTPNotSupportedError when the server cannot name a mailbox of the mail."""
        mail = _dialogue().mail
        if mail.needs_utf8:
            return super().sendmail(mail.from_email, mail.to, mail.as_utf8(), ["SMTPUTF8"])
        return super().sendmail(from_addr, to_addrs, msg, mail_options, rcpt_options)

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Raises SMTPResponseException for the first recipient who is refused: the others get nothing either."""
        code, said = super().rcpt(recip, options)
        if not 200 <= code < 300:
            raise smtplib.SMTPResponseException(code, said)
        return code, said

    def data(self, msg: Any) -> tuple[int, bytes]:
        _dialogue().handed_over = True
        return super().data(msg)


class TlsConnection(smtplib.SMTP_SSL, Connection):
    """The same, with TLS from the start."""


class Backend(EmailBackend):
    """Django's backend for one try of one step. To be used inside a ``Dialogue``."""

    def __init__(
        self, host: str, port: int, username: str, password: str, *, tls_from_the_start: bool, verify: bool
    ) -> None:
        super().__init__(
            host=host,
            port=port,
            username=username,
            password=password,
            use_ssl=tls_from_the_start,
            use_tls=not tls_from_the_start,
            # Those of the service's own mail are none of a step's.
            ssl_keyfile="",
            ssl_certfile="",
        )
        self._verify = verify

    @property
    def connection_class(self) -> type[Connection]:
        return TlsConnection if self.use_ssl else Connection

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return tls_context(Tls(verify=self._verify))

    def open(self) -> bool | None:
        opened = super().open()
        if self.connection and opened and self.username and not self.password:
            # Django takes an empty password for none.
            self.connection.login(self.username, "")
        return opened


def _dialogue() -> Dialogue:
    found = Exchange.current()
    if not isinstance(found, Dialogue):
        raise RuntimeError("mail is sent inside a dialogue only")
    return found
