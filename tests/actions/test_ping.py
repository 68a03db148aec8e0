"""The ping action against loopback."""

import errno
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from actions import ServerError, Stopped
from actions import _icmp as icmp
from actions._contract import Cancellation
from actions._icmp import Echoes
from actions.ping import statistics


def test_loopback_answers_each_packet(run_action):
    result = run_action("ping", {"hostname": "127.0.0.1", "count": "2", "interval_second": "1"})
    output = result.output
    assert (output["packets_sent"], output["packets_received"], output["packet_loss"]) == (2, 2, 0)
    assert output["ip_addr"] == "127.0.0.1"
    assert len(output["rtts"]) == 2
    assert all(isinstance(span, int) and 0 < span < 10**9 for span in output["rtts"])
    assert output["min_rtt"] <= output["avg_rtt"] <= output["max_rtt"]
    assert result.metadata == {"hostname": "127.0.0.1", "count": "2", "interval_second": "1"}


@pytest.mark.parametrize("configuration", [{}, {"count": "0", "interval_second": "0"}])
def test_one_packet_is_sent_unless_more_are_asked_for(run_action, configuration):
    result = run_action("ping", {"hostname": "localhost"} | configuration)
    assert result.output["packets_sent"] == 1
    assert result.metadata == {"hostname": "localhost"} | configuration


def test_spans_are_whole_nanoseconds():
    second = 1_000_000_000
    assert statistics(Echoes("10.0.0.1", 4, [second, 3 * second])) == {
        "packets_received": 2,
        "packets_sent": 4,
        "packet_loss": 50.0,
        "ip_addr": "10.0.0.1",
        "rtts": [second, 3 * second],
        "min_rtt": second,
        "max_rtt": 3 * second,
        "avg_rtt": 2 * second,
        "std_dev_rtt": second,
    }


def test_nothing_sent_is_no_loss():
    assert statistics(Echoes("10.0.0.1"))["packet_loss"] == 0


def test_a_name_that_does_not_resolve_is_a_server_error(run_action):
    with pytest.raises(ServerError, match=r"no-such-host\.invalid cannot be pinged"):
        run_action("ping", {"hostname": "no-such-host.invalid"})


class _DeafSocket(socket.socket):
    """Sends into the void: nothing that is sent arrives."""

    def sendto(self, *_: Any) -> int:  # type: ignore[override]
        return 0


def _deaf(family: int) -> socket.socket:
    return _DeafSocket(socket.AF_INET, socket.SOCK_DGRAM)


def test_lost_packets_end_the_run_and_are_no_failure_unless_they_are_too_many(run_action, monkeypatch):
    monkeypatch.setattr(icmp, "_by_datagrams", _deaf)
    result = run_action("ping", {"hostname": "127.0.0.1", "timeout": "50ms"})
    assert (result.output["packets_sent"], result.output["packet_loss"], result.output["rtts"]) == (1, 100, [])
    with pytest.raises(ServerError, match="100 % of the packets were lost, 99 % are tolerated") as raised:
        run_action("ping", {"hostname": "127.0.0.1", "timeout": "50ms", "max_loss": "99"})
    assert raised.value.output["packets_sent"] == 1


def test_the_steps_deadline_ends_it(run_action, monkeypatch):
    monkeypatch.setattr(icmp, "_by_datagrams", _deaf)
    result = run_action("ping", {"hostname": "127.0.0.1", "count": "1000"}, deadline=time.monotonic() + 0.1)
    assert result.output["packets_received"] == 0


def test_a_request_to_stop_ends_it(run_action, monkeypatch):
    monkeypatch.setattr(icmp, "_by_datagrams", _deaf)
    cancelled = Cancellation()
    timer = threading.Timer(0.1, cancelled.set)
    timer.start()
    with pytest.raises(Stopped):
        run_action("ping", {"hostname": "127.0.0.1", "count": "1000"}, cancelled=cancelled)
    timer.join()


def test_a_host_that_cannot_be_sent_to_is_a_server_error(run_action, monkeypatch):
    class Unroutable(socket.socket):
        def sendto(self, *_: Any) -> int:  # type: ignore[override]
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(icmp, "_by_datagrams", lambda family: Unroutable(socket.AF_INET, socket.SOCK_DGRAM))
    with pytest.raises(ServerError, match="Network is unreachable"):
        run_action("ping", {"hostname": "127.0.0.1", "timeout": "50ms"})


# Ways to send


def _forbidden(family: int) -> socket.socket:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_raw_socket_hears_only_its_own_replies():
    """Other conversations on the machine arrive on a raw socket too."""
    plan = icmp.Plan(count=1, interval=1, patience=5)
    mine = icmp._Conversation(_replaying(["other", "mine"]), socket.AF_INET, "127.0.0.1", plan, None, Cancellation())
    assert len(mine.held().round_trips) == 1


class _Replaying(socket.socket):
    """Answers a request with packets of a real raw socket: an IP header before the ICMP."""

    plan: list[str]
    _packets: list[bytes]

    @property
    def type(self) -> int:  # type: ignore[override]
        return socket.SOCK_RAW

    def sendto(self, packet: bytes, _: Any) -> int:  # type: ignore[override]
        header = b"\x45" + bytes(19)
        for who in self.plan:
            identifier = packet[4:6] if who == "mine" else bytes(byte ^ 0xFF for byte in packet[4:6])
            socket.socket.sendto(self, header + b"\x00" + packet[1:4] + identifier + packet[6:], self.getsockname())
        return len(packet)


def _replaying(plan: list[str]) -> socket.socket:
    sock = _Replaying(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.plan = plan
    return sock


IPUTILS = """PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms
64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=1.5 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 2003ms
rtt min/avg/max/mdev = 0.045/0.772/1.500/0.727 ms
"""
BUSYBOX = """PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.045 ms
64 bytes from 127.0.0.1: seq=1 ttl=64 time=1.500 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
"""


@pytest.mark.parametrize("text", [IPUTILS, BUSYBOX])
def test_where_sockets_are_forbidden_the_systems_ping_is_asked(run_action, monkeypatch, tmp_path, text):
    monkeypatch.setattr(icmp, "_by_datagrams", _forbidden)
    monkeypatch.setattr(icmp, "_by_raw_socket", _forbidden)
    _install(tmp_path, f"echo \"$*\" > {tmp_path}/asked\ncat <<'END'\n{text}END\nexit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    output = run_action("ping", {"hostname": "127.0.0.1", "count": "3", "timeout": "2s"}).output
    assert (output["packets_sent"], output["packets_received"], output["rtts"]) == (3, 2, [45_000, 1_500_000])
    assert (tmp_path / "asked").read_text() == "-n -c 3 -i 1 -w 4 127.0.0.1\n"


def _install(folder: Path, text: str) -> None:
    (folder / "ping").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "ping").chmod(0o755)


def test_a_ping_that_may_not_either_is_a_server_error_with_its_words(run_action, monkeypatch, tmp_path):
    monkeypatch.setattr(icmp, "_by_datagrams", _forbidden)
    monkeypatch.setattr(icmp, "_by_raw_socket", _forbidden)
    _install(tmp_path, "echo 'ping: socktype: SOCK_RAW: Operation not permitted'; exit 2")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ServerError, match="SOCK_RAW: Operation not permitted"):
        run_action("ping", {"hostname": "127.0.0.1"})


def test_with_no_way_at_all_the_error_names_what_to_change(run_action, monkeypatch, tmp_path):
    monkeypatch.setattr(icmp, "_by_datagrams", _forbidden)
    monkeypatch.setattr(icmp, "_by_raw_socket", _forbidden)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match=r"net\.ipv4\.ping_group_range"):
        run_action("ping", {"hostname": "127.0.0.1"})


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hostname": ""}, "hostname"),
        ({"hostname": None}, "is required"),
        ({"count": "-1"}, "digits"),
        ({"count": "1.5"}, "digits"),
        ({"count": 3}, "in quotes"),
        ({"count": "{{.input.n}}"}, "template handle"),
        ({"interval_second": "1s"}, "digits"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, changes, said):
    assert refused("ping", {"hostname": "{{.input.h}}", "count": "3", "interval_second": "2"}) == []
    assert said in "\n".join(refused("ping", {"hostname": "h"} | changes))


def test_it_holds_a_socket_and_its_host(registry, surroundings):
    action = registry.get("ping")
    cfg = action.decode(None, {"hostname": "h"}, surroundings)
    assert action.resources(cfg, surroundings) == ["socket", "url:h"]
