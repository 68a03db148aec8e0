"""Sends one mail by SMTP. Source: docs/actions.md, "email"."""

from __future__ import annotations

import re
import smtplib
from email.errors import MessageError
from email.headerregistry import Address
from typing import Any

from django.core.mail.message import sanitize_address

from actions import Action, ClientError, Context, Result, ServerError, Stopped, field
from actions._smtp import Backend, Dialogue, Mail
from actions._web import reason

IMPLICIT_TLS_PORT = 465

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
        mail = mail_of(cfg)
        try:
            self._sent(cfg, ctx, mail)
        except smtplib.SMTPNotSupportedError as error:
            raise ClientError(f"{cfg.smtp_hostname} does not take addresses that are not ASCII.") from error
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
    def _sent(cfg: Config, ctx: Context, mail: Mail) -> None:
        """Send the mail; a connection that is lost before the message was handed over is made once more."""
        for last in (False, True):
            dialogue = Dialogue(ctx, mail)
            try:
                _send(cfg, ctx, dialogue)
            except (TimeoutError, ConnectionError, smtplib.SMTPServerDisconnected):
                if last or dialogue.handed_over or not dialogue.is_connected or ctx.cancelled.is_set():
                    raise
            else:
                return


def _send(cfg: Email.Config, ctx: Context, dialogue: Dialogue) -> None:
    backend = Backend(
        cfg.smtp_hostname,
        cfg.smtp_port,
        cfg.smtp_username,
        cfg.smtp_password,
        tls_from_the_start=cfg.smtp_port == IMPLICIT_TLS_PORT,
        verify=not cfg.smtp_skip_tls_verify,
    )
    with ctx.cancelled.calling(dialogue.abort), dialogue.entered():
        try:
            backend.send_messages([dialogue.mail])
        finally:
            # What was opened in part is still open.
            backend.close()


def mail_of(cfg: Email.Config) -> Mail:
    """The mail, as text or HTML. Raises ClientError for addresses and texts that no mail can have."""
    try:
        if any(len(text.splitlines()) > 1 for text in (cfg.subject, cfg.from_name, cfg.from_address, *cfg.to)):
            raise ValueError("more than one line")
        sender = _address(cfg.from_address, cfg.from_name)
        mail = Mail(sender, [_address(address) for address in cfg.to], cfg.subject, cfg.body)
        mail.content_subtype = "html" if _HTML.match(cfg.body) else "plain"
        # Made here once to learn that it can be made, before anybody is called.
        mail.message().as_bytes()
        for address in (cfg.from_address, *cfg.to):
            sanitize_address(address, "utf-8")
    except (ValueError, MessageError, IndexError) as error:
        raise ClientError("a mail cannot have this sender, recipient, subject or body.") from error
    return mail


def _address(text: str, name: str = "") -> Address:
    """Raises ValueError, MessageError or IndexError for what is no address."""
    if text.isascii():
        return Address(name, addr_spec=text)
    # The library parses ASCII only; whether the server takes more is asked before the mail goes out.
    user, at, domain = text.rpartition("@")
    if not (user and at and domain) or re.search(r"[\s<>()\[\],;:\\\"]", text):
        raise ValueError("no address")
    return Address(name, username=user, domain=domain)
