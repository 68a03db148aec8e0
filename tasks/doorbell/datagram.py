"""The bell between processes of one machine: a Unix datagram socket for each listener, in one folder.

A socket's name is ``PID-RANDOM.FAMILY.FAMILY…``, so a sender knows who wants to hear what without asking.
"""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.doorbell.readiness import readable
from tasks.doorbell.topics import family

_LARGEST = 512


def send(folder: Path, topics: Iterable[str]) -> None:
    """Ring every socket in the folder that listens to a topic's family. A full one has enough to hear already."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    listeners = [(name, set(name.split(".")[1:])) for name in names]
    with _short(folder) as reach, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for topic in topics:
            for name, families in listeners:
                if family(topic) in families:
                    _send_one(sender, topic, reach(name), folder / name)


def _send_one(sender: socket.socket, topic: str, address: str, path: Path) -> None:
    try:
        sender.sendto(topic.encode(), address)
    except ConnectionRefusedError:
        # Its process was killed and could not take its socket away.
        path.unlink(missing_ok=True)
    except OSError:
        # Full (it has enough to hear), or gone since we looked.
        pass


class DatagramBell:
    """Listens to families on a socket of its own, from the moment it is made."""

    def __init__(self, folder: Path, families: Iterable[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / ".".join([f"{os.getpid()}-{os.urandom(6).hex()}", *sorted(families)])
        self._pid = os.getpid()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with _short(folder) as reach:
            self._socket.bind(reach(self._path.name))
            # It rings once by itself, for what happened before it listened.
            for name in sorted(families):
                self._socket.sendto(name.encode(), reach(self._path.name))

    def fileno(self) -> int:
        """Readable when it rings."""
        return self._socket.fileno()

    def wait(self, timeout: float) -> set[str]:
        """Topics that were rung within ``timeout`` seconds; the first time all families, for what was before it."""
        return set(self._drain()) if readable(self._socket, timeout) else set()

    def close(self) -> None:
        """Take the socket away."""
        self._socket.close()
        # After a fork the socket is still the parent's.
        if self._pid == os.getpid():
            self._path.unlink(missing_ok=True)

    def _drain(self) -> Iterator[str]:
        while True:
            try:
                yield self._socket.recv(_LARGEST).decode()
            except BlockingIOError:
                return


@contextmanager
def _short(folder: Path) -> Iterator[Callable[[str], str]]:
    """A function from a name in the folder to an address that fits into the 108 bytes a socket's address has."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield lambda name: f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
