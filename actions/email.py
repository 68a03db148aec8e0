"""Sends one mail by SMTP. Source: docs/actions.md, "email"."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, make_msgid
from typing import Any

from actions import Action, ClientError, Context, Result, ServerError, Stopped, field
from actions._pools import Tls, tls_context
from actions._sockets import Exchange, connect
from actions._web import reason

IMPLICIT_TLS_PORT = 465
CONNECT_LIMIT = timedelta(seconds=10)
DIALOGUE_LIMIT = timedelta(seconds=10)

#: What a browser takes for the start of a page: the tags that Go's content sniffing knows.
_HTML = re.compile(
    r"\s*<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)(?=[\s>])",
    re.IGNORECASE,
)


class Email(Action):
    """Sends one mail by SMTP."""

    name, version = "email", "0.2"

    class Config:
        smtp_hostname: str = field(min_length=1, help="Mail server.")
        smtp_port: int = field(
            kind="number_text",
            literal=True,
            ge=1,
            le=65_535,
            help="Its port; `465`: TLS from the start, else STARTTLS if offered.",
        )
        smtp_username: str = field(default="", help="User name; none: no authentication.")
        smtp_password: str = field(default="", secret=True, help="Password.")
        smtp_skip_tls_verify: bool = field(
            default=False, kind="bool_text", literal=True, help="Do not check the server's certificate."
        )
        from_address: str = field(min_length=1, help="Sender's address.")
        from_name: str = field(default="", help="Sender's name.")
        to: list[str] = field(min_length=1, help="Recipients' addresses.")
        subject: str = field(min_length=1, help="Subject.")
        body: str = field(min_length=1, help="Body; HTML if it begins with an HTML tag.")

    def resources(self, cfg: Config) -> list[str]:
        return ["socket", f"url:{cfg.smtp_hostname}"]

    def run(self, cfg: Config, ctx: Context) -> Result:
        message = message_of(cfg)
        try:
            self._sent(cfg, ctx, message)
        except smtplib.SMTPResponseException as error:
            said = (
                error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
            )
            # A 5xx is definitive: the same mail would be refused again.
            kind = ClientError if 500 <= error.smtp_code < 600 else ServerError
            raise kind(f"{cfg.smtp_hostname} answers {error.smtp_code}: {said}") from error
        except (smtplib.SMTPException, OSError) as error:
            if ctx.cancelled.is_set():
                raise Stopped("stopped") from error
            raise ServerError(f"{cfg.smtp_hostname}: {reason(error)}.") from error
        output: dict[str, Any] = {"from_address": cfg.from_address}
        if cfg.from_name:
            output["from_name"] = cfg.from_name
        return Result({**output, "to": cfg.to, "subject": cfg.subject, "body": cfg.body})

    @staticmethod
    def _sent(cfg: Config, ctx: Context, message: EmailMessage) -> None:
        """Send the mail; a connection that is lost before the message was handed over is made once more."""
        for last in (False, True):
            dialogue = _Dialogue(cfg, ctx)
            try:
                dialogue.send(message)
            except (TimeoutError, ConnectionError, smtplib.SMTPServerDisconnected):
                if last or dialogue.handed_over or not dialogue.connected or ctx.cancelled.is_set():
                    raise
            else:
                return


class _Dialogue:
    """One connection to a mail server."""

    def __init__(self, cfg: Email.Config, ctx: Context) -> None:
        self._cfg = cfg
        self._ctx = ctx
        self.connected = False
        self.handed_over = False

    def send(self, message: EmailMessage) -> None:
        """Send one message to all its recipients, or to none."""
        exchange = Exchange(self._ctx.seconds_left(CONNECT_LIMIT), self._ctx.surroundings.denied_networks)
        with self._ctx.cancelled.calling(exchange.abort), exchange.entered():
            tls = tls_context(Tls(verify=not self._cfg.smtp_skip_tls_verify))
            with _Connection(self._cfg, tls) as server:
                self.connected = True
                exchange.deadline = time.monotonic() + (self._ctx.seconds_left(DIALOGUE_LIMIT) or 0)
                server.ehlo_or_helo_if_needed()
                if self._cfg.smtp_port != IMPLICIT_TLS_PORT and server.has_extn("starttls"):
                    server.starttls(context=tls)
                    server.ehlo()
                if self._cfg.smtp_username and server.has_extn("auth"):
                    self._log_in(server)
                self._hand_over(server, message)

    def _log_in(self, server: _Connection) -> None:
        offered = server.esmtp_features["auth"].upper().split()
        server.user, server.password = self._cfg.smtp_username, self._cfg.smtp_password
        if "CRAM-MD5" in offered:
            server.auth("CRAM-MD5", server.auth_cram_md5)
        elif "LOGIN" in offered and "PLAIN" not in offered:
            server.auth("LOGIN", server.auth_login)
        else:
            local = self._cfg.smtp_hostname in ("localhost", "127.0.0.1", "::1")
            if not isinstance(server.sock, ssl.SSLSocket) and not local:
                raise ServerError(f"{self._cfg.smtp_hostname}: the password is not sent without encryption.")
            server.auth("PLAIN", server.auth_plain)

    def _hand_over(self, server: _Connection, message: EmailMessage) -> None:
        sender, recipients = self._cfg.from_address, self._cfg.to
        options = []
        if not all(address.isascii() for address in (sender, *recipients)):
            if not server.has_extn("smtputf8"):
                raise ClientError(f"{self._cfg.smtp_hostname} does not take addresses that are not ASCII.")
            options.append("SMTPUTF8")
            server.command_encoding = "utf-8"
        _accepted(*server.mail(sender, options))
        for recipient in recipients:
            _accepted(*server.rcpt(recipient))
        self.handed_over = True
        _accepted(*server.data(message.as_bytes()))


def _accepted(code: int, said: bytes) -> None:
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, said)


class _Connection(smtplib.SMTP):
    """A connection whose socket keeps the limits of the exchange."""

    def __init__(self, cfg: Email.Config, tls: ssl.SSLContext) -> None:
        self._implicit_tls = tls if cfg.smtp_port == IMPLICIT_TLS_PORT else None
        super().__init__(cfg.smtp_hostname, cfg.smtp_port, local_hostname="localhost")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = connect(host, port)
        return self._implicit_tls.wrap_socket(sock, server_hostname=host) if self._implicit_tls else sock


def message_of(cfg: Email.Config) -> EmailMessage:
    """The mail, as text or HTML. Raises ClientError for addresses and headers that no mail can have."""
    ascii_only = all(address.isascii() for address in (cfg.from_address, *cfg.to))
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)
    try:
        message["From"] = _address(cfg.from_address, cfg.from_name)
        message["To"] = [_address(address) for address in cfg.to]
        message["Subject"] = cfg.subject
    except (ValueError, HeaderParseError, IndexError) as error:
        raise ClientError("a mail cannot have this sender, recipient or subject.") from error
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain="utask")
    subtype = "html" if _HTML.match(cfg.body) else "plain"
    message.set_content(cfg.body, subtype=subtype, charset="utf-8", cte="quoted-printable")
    return message


def _address(text: str, name: str = "") -> Address:
    """Raises ValueError, HeaderParseError or IndexError for what is no address."""
    if text.isascii():
        return Address(name, addr_spec=text)
    # The library parses ASCII only; whether the server takes more is asked before the mail goes out.
    user, at, domain = text.rpartition("@")
    if not (user and at and domain) or re.search(r"[\s<>()\[\],;:\\\"]", text):
        raise ValueError("no address")
    return Address(name, username=user, domain=domain)
