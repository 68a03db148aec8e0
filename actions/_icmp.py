"""ICMP echo, by whichever way the system allows: datagram sockets, raw sockets, or its ``ping`` program."""

from __future__ import annotations

import os
import re
import secrets
import selectors
import shutil
import socket
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from actions._cancellation import Cancellation
from actions._processes import run_program

_PAYLOAD = b"utask " * 9
_ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL = {socket.AF_INET: socket.getprotobyname("icmp"), socket.AF_INET6: socket.getprotobyname("ipv6-icmp")}
#: How often a wait looks whether it has to stop, in seconds.
_GLANCE = 0.05


class NotPermitted(OSError):
    """No way to send ICMP is open to this process."""


@dataclass
class Echoes:
    """What came back. Round trips are in nanoseconds, in the order of arrival."""

    address: str
    sent: int = 0
    round_trips: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How many packets, how far apart, and how long to wait for answers after the last; in seconds."""

    count: int
    interval: float
    patience: float


def resolve(hostname: str) -> tuple[int, str]:
    """Family and address of a host. Raises OSError."""
    for family, _, _, _, address in socket.getaddrinfo(hostname, None):
        if family in _PROTOCOL:
            return family, str(address[0])
    raise OSError("no usable address")


def ping(hostname: str, plan: Plan, deadline: float | None, cancelled: Cancellation) -> Echoes:
    """Send echo requests and gather the replies.

    Ends when all have come, ``plan.patience`` after the last was sent, at ``deadline`` (of ``time.monotonic()``), or
    when told to stop. Raises OSError for a name that does not resolve, NotPermitted when the system allows no way.
    """
    family, address = resolve(hostname)
    sock = _open(family)
    if sock is not None:
        with sock:
            return _Conversation(sock, family, address, plan, deadline, cancelled).held()
    program = shutil.which("ping")
    if program is None:
        raise NotPermitted(
            "the system does not allow ICMP: widen the sysctl net.ipv4.ping_group_range, or install the program ping."
        )
    return _by_program(program, address, plan, deadline, cancelled)


def _open(family: int) -> socket.socket | None:
    """A socket for ICMP, or None when the system allows neither kind."""
    try:
        return _by_datagrams(family)
    except PermissionError:
        pass
    try:
        return _by_raw_socket(family)
    except PermissionError:
        return None


def _by_datagrams(family: int) -> socket.socket:
    """Unprivileged: the kernel keeps the identifiers apart."""
    return socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[socket.AddressFamily(family)])


def _by_raw_socket(family: int) -> socket.socket:
    """Privileged: every ICMP packet that arrives is seen."""
    return socket.socket(family, socket.SOCK_RAW, _PROTOCOL[socket.AddressFamily(family)])


class _Conversation:
    """Requests and replies on one socket."""

    def __init__(
        self,
        sock: socket.socket,
        family: int,
        address: str,
        plan: Plan,
        deadline: float | None,
        cancelled: Cancellation,
    ) -> None:
        self._sock = sock
        self._family = socket.AddressFamily(family)
        self._raw = sock.type == socket.SOCK_RAW
        self._plan = plan
        self._deadline = deadline
        self._cancelled = cancelled
        self._identifier = secrets.randbelow(0xFFFF)
        self._sent_at: dict[int, int] = {}
        self._echoes = Echoes(address)
        self._failure: OSError | None = None

    def held(self) -> Echoes:
        self._sock.setblocking(False)
        next_at, stop_at = time.monotonic(), float("inf")
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            while not self._is_over(stop_at):
                now = time.monotonic()
                if self._echoes.sent < self._plan.count and now >= next_at:
                    self._send(self._echoes.sent)
                    next_at = now + self._plan.interval
                    if self._echoes.sent == self._plan.count:
                        stop_at = time.monotonic() + self._plan.patience
                due = [moment - now for moment in (next_at, stop_at) if moment > now]
                if selector.select(min([_GLANCE, *due])):
                    self._receive()
        if self._failure is not None and not self._sent_at:
            raise self._failure
        return self._echoes

    def _is_over(self, stop_at: float) -> bool:
        now = time.monotonic()
        return (
            len(self._echoes.round_trips) == self._plan.count
            or now >= stop_at
            or (self._deadline is not None and now >= self._deadline)
            or self._cancelled.is_set()
        )

    def _send(self, number: int) -> None:
        sequence = number & 0xFFFF
        kind = _ECHO_REQUEST[self._family]
        packet = struct.pack("!BBHHH", kind, 0, 0, self._identifier, sequence) + _PAYLOAD
        if self._family == socket.AF_INET:  # for IPv6 the kernel does it
            packet = packet[:2] + struct.pack("!H", _checksum(packet)) + packet[4:]
        self._echoes.sent += 1
        try:
            self._sent_at[sequence] = time.monotonic_ns()
            self._sock.sendto(packet, (self._echoes.address, 0))
        except OSError as error:  # no route, or a full buffer: a lost packet
            self._sent_at.pop(sequence)
            self._failure = error

    def _receive(self) -> None:
        try:
            packet = self._sock.recv(65_536)
        except OSError:  # the report of an unreachable host
            return
        arrived = time.monotonic_ns()
        if self._family == socket.AF_INET and packet[:1] >= b"\x40":  # an IP header, which some systems leave on
            packet = packet[(packet[0] & 0x0F) * 4 :]
        if len(packet) < 8:
            return
        kind, _, _, identifier, sequence = struct.unpack("!BBHHH", packet[:8])
        ours = kind == _ECHO_REPLY[self._family] and (not self._raw or identifier == self._identifier)
        if ours and sequence in self._sent_at:
            self._echoes.round_trips.append(arrived - self._sent_at.pop(sequence))


def _checksum(packet: bytes) -> int:
    """The Internet's checksum: the complement of the sum in ones' complement of 16-bit words."""
    total = sum(packet[0::2]) * 256 + sum(packet[1::2])
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _by_program(program: str, address: str, plan: Plan, deadline: float | None, cancelled: Cancellation) -> Echoes:
    """By the system's own ping, which has the right that we lack."""
    whole = plan.interval * (plan.count - 1) + plan.patience
    seconds = whole if deadline is None else max(0.0, min(whole, deadline - time.monotonic()))
    # The program's own limit, in whole seconds, makes it print its summary before ours would kill it.
    limit = max(1, round(seconds))
    command = [program, "-n", "-c", str(plan.count), "-i", str(max(1, round(plan.interval))), "-w", str(limit), address]
    ended = run_program(
        command,
        folder=Path("/"),
        environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        stdin=b"",
        seconds=seconds + 1,
        max_output_bytes=1_000_000,
        cancelled=cancelled,
    )
    return _read_output(ended.output.decode(errors="replace"), address)


def _read_output(text: str, address: str) -> Echoes:
    """What ping (of iputils or BusyBox) says. Raises NotPermitted when it did not send anything."""
    sent = re.search(r"(\d+) packets transmitted", text)
    times = re.findall(r"seq=\d+ .*time[=<]([\d.]+) ?ms", text)
    if sent is None:
        raise NotPermitted(f"the program ping failed: {text.strip().rpartition(chr(10))[2][:200]}")
    return Echoes(address, int(sent[1]), [round(float(milliseconds) * 1_000_000) for milliseconds in times])
