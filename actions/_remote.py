"""One command on a remote machine by SSH: connecting, checking its key, running, and what came of it."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST, cMSG_CHANNEL_REQUEST
from paramiko.hostkeys import HostKeyEntry

from actions._cancellation import Cancellation
from actions._errors import ClientError, ServerError, Stopped
from actions._sockets import Exchange, connect

CONNECT_SECONDS = 10.0
#: How long a killed command may take to say so, in seconds.
_LAST_WORDS = 2.0
_GLANCE = 0.05


@dataclass(frozen=True)
class Destination:
    """A machine as an author writes it: ``host``, ``host:port``, ``[IPv6]:port``."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Raises ClientError for what is neither host nor host:port."""
        host, colon, port = text.rpartition(":")
        if not colon or (":" in host and not host.startswith("[")):
            host, port = text, "22"
        host = host.removeprefix("[").removesuffix("]")
        if not host or any(mark in host for mark in " /@\n") or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ClientError(f"{text!r} is neither host nor host:port.")
        return cls(host, int(port))


@dataclass(frozen=True)
class HostKeys:
    """Which keys a machine may show: lines in the format of known_hosts, or else the file of the service's user."""

    lines: str = ""
    unchecked: bool = False


@dataclass(frozen=True)
class Ran:
    """What came of a command. ``exit_code`` is None when it did not end by itself."""

    output: bytes
    exit_code: int | None
    exit_signal: str = ""
    message: str = ""
    timed_out: bool = False
    too_long: bool = False


def read_key(text: str, passphrase: str) -> paramiko.PKey:
    """The private key in a text. Raises ClientError that shows nothing of it."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"), password=passphrase or None)
        except paramiko.PasswordRequiredException as error:
            raise ClientError("ssh_key needs its passphrase.") from error
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise ClientError("ssh_key is no private key that can be read, or its passphrase is wrong.")


_Handlers = Mapping[int, Callable[[paramiko.Channel, paramiko.Message], object]]


class _Transport(paramiko.Transport):
    """A connection that notes which signal ended a command, and can send one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        #: Signal and message of the command that was ended by one.
        self.exit_signal: tuple[str, str] | None = None
        # Both names are private to the library, which offers no other way to hear of a signal or to send one.
        handlers: _Handlers = self._channel_handler_table  # type: ignore[has-type]
        request = handlers[MSG_CHANNEL_REQUEST]

        def noting_signals(channel: paramiko.Channel, message: paramiko.Message) -> object:
            start = message.packet.tell()
            kind, _ = message.get_text(), message.get_boolean()
            if kind == "exit-signal":
                name, _, said = message.get_text(), message.get_boolean(), message.get_text()
                self.exit_signal = name, said
            message.packet.seek(start)
            return request(channel, message)

        # The library's table belongs to the class: this connection gets its own.
        self._channel_handler_table = {**handlers, MSG_CHANNEL_REQUEST: noting_signals}

    def kill(self, channel: paramiko.Channel) -> None:
        """Ask the other side to kill the command (RFC 4254, 6.9)."""
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string("KILL")
        self._send_user_message(message)  # type: ignore[attr-defined]  # as its own requests do


class Remote:
    """A connection to one machine, made and left as a context."""

    def __init__(
        self,
        destination: Destination,
        user: str,
        key: paramiko.PKey,
        host_keys: HostKeys,
        denied_networks: tuple[str, ...],
        cancelled: Cancellation,
    ) -> None:
        self._destination = destination
        self._user = user
        self._key = key
        self._denied = denied_networks
        self._cancelled = cancelled
        self._client = paramiko.SSHClient()
        if host_keys.unchecked:
            self._client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # where the step says so  # nosec B507
        else:
            self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self._load(host_keys)

    def _load(self, host_keys: HostKeys) -> None:
        if not host_keys.lines.strip():
            file = Path("~/.ssh/known_hosts").expanduser()
            if file.is_file():
                self._client.load_host_keys(str(file))
            return
        known = self._client.get_host_keys()
        for number, line in enumerate(host_keys.lines.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                try:
                    entry = HostKeyEntry.from_line(line.strip(), number)
                except paramiko.SSHException:
                    entry = None
                if entry is None or entry.hostnames is None or entry.key is None:
                    raise ClientError(f"known_hosts, line {number}: not in the format of a known_hosts file.")
                for name in entry.hostnames:
                    known.add(name, entry.key.get_name(), entry.key)

    def __enter__(self) -> Remote:
        where = f"{self._destination.host}:{self._destination.port}"
        exchange = Exchange(CONNECT_SECONDS, self._denied)
        try:
            with self._cancelled.calling(exchange.abort):
                with exchange.entered():
                    sock = connect(self._destination.host, self._destination.port)
                # From here on the library reads in a thread of its own, with limits of its own.
                sock.settimeout(None)
                self._client.connect(
                    self._destination.host,
                    self._destination.port,
                    username=self._user,
                    pkey=self._key,
                    sock=sock,
                    look_for_keys=False,
                    allow_agent=False,
                    timeout=CONNECT_SECONDS,
                    banner_timeout=CONNECT_SECONDS,
                    auth_timeout=CONNECT_SECONDS,
                    transport_factory=_Transport,
                )
        except paramiko.BadHostKeyException as error:
            self._client.close()
            raise ClientError(
                f"{where} shows another host key than the known one. "
                "If the machine was replaced, correct known_hosts; if not, somebody is in between."
            ) from error
        except paramiko.AuthenticationException as error:
            self._client.close()
            raise ServerError(f"{where} refuses the key for user {self._user}.") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            self._client.close()
            if _is_unknown_host(error):
                raise ClientError(
                    f"{where} is not a known host. Add its key to ~/.ssh/known_hosts of the service's user or to "
                    "known_hosts of the step, or turn the check off with insecure_ignore_host_key."
                ) from error
            if self._cancelled.is_set():
                raise Stopped("stopped") from error
            raise ServerError(f"{where}: {_reason(error)}.") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def run(self, command: str, stdin: bytes, seconds: float | None, max_output_bytes: int) -> Ran:
        """Run a command to its end. Raises ServerError when it cannot be started or its end is not told."""
        deadline = None if seconds is None else time.monotonic() + seconds
        transport = self._client.get_transport()
        assert isinstance(transport, _Transport)
        try:
            channel = transport.open_session(timeout=CONNECT_SECONDS)
            channel.set_combine_stderr(True)
            channel.exec_command(command)  # to run what a template says is the action  # nosec B601
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ServerError(f"{self._destination.host}: the command cannot be started.") from error
        running = _Command(transport, channel, stdin, deadline, max_output_bytes, self._cancelled)
        try:
            return running.to_its_end()
        except OSError as error:
            raise ServerError(f"{self._destination.host}: the connection broke off.") from error


class _Command:
    """A command that runs on the other side: fed, read, and killed when it has to be."""

    def __init__(
        self,
        transport: _Transport,
        channel: paramiko.Channel,
        stdin: bytes,
        deadline: float | None,
        most_bytes: int,
        cancelled: Cancellation,
    ) -> None:
        self._transport = transport
        self._channel = channel
        self._unsent = memoryview(stdin)
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._cancelled = cancelled
        self._output = bytearray()
        #: When it was killed, and why; when it was first seen to have ended.
        self._killed_at: float | None = None
        self._timed_out = False
        self._ended_at: float | None = None

    def to_its_end(self) -> Ran:
        """Feed and read until it is over. Raises OSError when the connection breaks off."""
        while not self._is_over():
            self._feed()
            self._read()
            if self._killed_at is None and self._must_end():
                self._transport.kill(self._channel)
                self._killed_at = time.monotonic()
        channel = self._channel
        known = channel.exit_status_ready() and channel.exit_status >= 0 and not self._timed_out
        name, said = self._transport.exit_signal or ("", "")
        return Ran(
            bytes(self._output[: self._most_bytes]),
            channel.exit_status if known else None,
            name,
            said,
            self._timed_out,
            len(self._output) > self._most_bytes,
        )

    def _must_end(self) -> bool:
        if len(self._output) > self._most_bytes or self._cancelled.is_set():
            return True
        self._timed_out = self._deadline is not None and time.monotonic() >= self._deadline
        return self._timed_out

    def _is_over(self) -> bool:
        channel, now = self._channel, time.monotonic()
        if channel.recv_ready():
            return False
        if channel.closed or not self._transport.is_active():
            return True
        if channel.exit_status_ready() and self._ended_at is None:
            self._ended_at = now
        # Something it left running may hold its output open, and a killed one may never say that it has ended.
        since = self._ended_at if self._killed_at is None else self._killed_at
        finished = channel.exit_status_ready() and bool(channel.eof_received)
        return finished or (since is not None and now - since > _LAST_WORDS)

    def _feed(self) -> None:
        channel = self._channel
        if self._unsent and channel.send_ready():
            try:
                self._unsent = self._unsent[channel.send(bytes(self._unsent[:32_768])) :]
            except OSError:  # the command reads no further
                self._unsent = self._unsent[:0]
        if not self._unsent and not channel.eof_sent and not channel.closed:
            channel.shutdown_write()

    def _read(self) -> None:
        """What came within a moment; nothing at once while there is still something to send."""
        self._channel.settimeout(0.001 if self._unsent else _GLANCE)
        try:
            chunk = self._channel.recv(65_536)
        except TimeoutError:
            return
        self._output += chunk
        if not chunk and not self._channel.exit_status_ready():
            # The output is closed, the exit code still to come.
            self._channel.status_event.wait(_GLANCE)


def _is_unknown_host(error: BaseException) -> bool:
    return isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error)


def _reason(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError):
        return (error.strerror or (os.strerror(error.errno) if error.errno else "the connection failed")).lower()
    return "the other side does not speak SSH as expected"
