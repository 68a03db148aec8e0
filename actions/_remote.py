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

    @property
    def known_as(self) -> str:
        """How files of known hosts call it."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


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
            self._client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
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
            channel.exec_command(command)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ServerError(f"{self._destination.host}: the command cannot be started.") from error
        output = bytearray()
        unsent = memoryview(stdin)
        killed_at: float | None = None
        too_long = False
        try:
            while not (channel.exit_status_ready() and not channel.recv_ready() and channel.eof_received):
                unsent = self._feed(channel, unsent)
                output += self._read(channel, busy=bool(unsent))
                now = time.monotonic()
                late = deadline is not None and now >= deadline
                too_long = too_long or len(output) > max_output_bytes
                if killed_at is None and (late or too_long or self._cancelled.is_set()):
                    transport.kill(channel)
                    killed_at = now
                if (killed_at is not None and now - killed_at > _LAST_WORDS) or not transport.is_active():
                    break
                if channel.closed and not channel.recv_ready():
                    break
        except OSError as error:
            if killed_at is None:
                raise ServerError(f"{self._destination.host}: the connection broke off.") from error
        code = channel.exit_status if channel.exit_status_ready() and channel.exit_status >= 0 else None
        name, said = transport.exit_signal or ("", "")
        late = killed_at is not None and not too_long and not self._cancelled.is_set()
        return Ran(bytes(output[:max_output_bytes]), None if late else code, name, said, late, too_long)

    @staticmethod
    def _feed(channel: paramiko.Channel, unsent: memoryview) -> memoryview:
        if unsent and channel.send_ready() and not channel.closed:
            try:
                unsent = unsent[channel.send(bytes(unsent[:32_768])) :]
            except OSError:  # the command reads no further
                unsent = unsent[:0]
        if not unsent and not channel.eof_sent and not channel.closed:
            channel.shutdown_write()
        return unsent

    @staticmethod
    def _read(channel: paramiko.Channel, *, busy: bool) -> bytes:
        """What came within a moment; nothing at once while there is still something to send."""
        channel.settimeout(0.001 if busy else _GLANCE)
        try:
            chunk = channel.recv(65_536)
        except TimeoutError:
            return b""
        if not chunk and not channel.exit_status_ready():
            # The output is closed, the exit code still to come.
            channel.status_event.wait(_GLANCE)
        return chunk


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
