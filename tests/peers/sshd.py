"""A real OpenSSH server on loopback, for the user who runs the tests."""

import contextlib
import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.peers.ports import free_port, wait_for_port

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class KeyPair:
    """A key pair as texts: the private half in OpenSSH's form, the public one as in authorized_keys."""

    private: str
    public: str


def key_pair(kind: str = "ed25519", passphrase: str = "") -> KeyPair:
    key: PrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(65_537, 2_048)
    else:
        key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, lock)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return KeyPair(private.decode(), public.decode())


@dataclass(frozen=True)
class Sshd:
    """A running server. ``known_hosts`` has the line that makes it known."""

    port: int
    user: str
    host_key: KeyPair
    folder: Path

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def known_hosts(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key.public}\n"

    def authorize(self, key: KeyPair, command: str = "") -> None:
        """Let a key in; with ``command``, whatever it asks for, that runs instead."""
        option = f'command="{command}" ' if command else ""
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f"{option}{key.public}\n")


@contextlib.contextmanager
def running_sshd(folder: Path) -> Iterator[Sshd]:
    """Start Debian's openssh-server on a free port; it ends with the context."""
    program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    assert program is not None, "these tests need an OpenSSH server: apt-get install openssh-server"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    host_key, port = key_pair(), free_port()
    key_file = folder / "host_key"
    key_file.touch(mode=0o600)
    key_file.write_text(host_key.private)
    (folder / "authorized_keys").touch(mode=0o600)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key_file}\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
    )
    server = subprocess.Popen([program, "-f", folder / "sshd_config", "-D", "-E", folder / "log"])
    try:
        wait_for_port(port)
        yield Sshd(port, getpass.getuser(), host_key, folder)
    finally:
        server.terminate()
        server.wait()
