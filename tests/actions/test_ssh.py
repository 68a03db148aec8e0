"""The ssh action against a real OpenSSH server on loopback."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from actions import ClientError, ServerError, Stopped
from actions._contract import Cancellation
from actions._remote import Destination
from tests.peers.ports import free_port
from tests.peers.sshd import KeyPair, Sshd, key_pair, running_sshd

KEY = key_pair()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        server.authorize(KEY)
        yield server


@pytest.fixture
def step(sshd: Sshd) -> dict[str, Any]:
    """A configuration that works, without a script."""
    return {"user": sshd.user, "target": sshd.target, "ssh_key": KEY.private, "known_hosts": sshd.known_hosts}


# The script and its result


def test_the_remote_shell_expands_the_result(run_action, step):
    script = 'echo hello >&2\nNAME="Zoé \\"Q\\""\nfolder() { printf "a\\nb\\tc\\\\d"; }\n'
    result = run_action(
        "ssh", step | {"script": script, "result": {"name": "$NAME", "lines": "$(folder)", "fixed": "x", "e": "$NONE"}}
    )
    assert result.output == {"name": 'Zoé "Q"', "lines": "a\nb\tc\\d", "fixed": "x", "e": ""}
    assert result.metadata["output"].startswith("hello\n")
    assert {**result.metadata, "output": ""} == {"output": "", "exit_code": "0", "exit_signal": "", "exit_msg": ""}


def test_what_is_written_to_both_outputs_keeps_its_order(run_action, step):
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo error $i >&2; done"
    expected = "".join(f"out {i}\nerror {i}\n" for i in range(1, 10))
    for mode in ("disabled", "auto-result"):
        shown = run_action("ssh", step | {"script": script, "output_mode": mode}).metadata["output"]
        assert shown == expected


def test_quotes_go_from_keys_and_values_of_the_result(run_action, step):
    result = run_action("ssh", step | {"script": "A=1", "result": {'"k"\'s': '"$A"'}})
    assert result.output == {"k's": "1"}


def test_the_result_comes_also_when_the_script_exits_early_or_fails(run_action, step):
    result = run_action("ssh", step | {"script": "A=1; exit 0; A=2", "result": {"a": "$A"}})
    assert result.output == {"a": "1"}
    with pytest.raises(ServerError, match="exit status 3") as raised:
        run_action("ssh", step | {"script": "A=1; exit 3", "result": {"a": "$A"}})
    assert raised.value.output == {"a": "1"}
    assert raised.value.metadata["exit_code"] == "3"
    assert raised.value.metadata["exit_msg"] == "exit status 3"


def test_without_a_result_plain_text_is_fine(run_action, step):
    result = run_action("ssh", step | {"script": "echo plain text"})
    assert (result.output, result.metadata["output"]) == ({}, "plain text\n")


def test_no_script_at_all_is_a_login(run_action, step):
    assert run_action("ssh", step).metadata["exit_code"] == "0"


def test_the_last_line_or_what_stands_between_delimiters_is_read(run_action, step):
    lastline = {"script": "echo text; echo '{\"n\": 12345678901234567890}'", "output_mode": "manual-lastline"}
    assert str(run_action("ssh", step | lastline).output["n"]) == "12345678901234567890"
    between = {
        "script": "echo 'x<<{\"a\": 1}>>y'",
        "output_mode": "manual-delimiters",
        "output_manual_delimiters": ["<<", ">>"],
    }
    assert run_action("ssh", step | between).output == {"a": 1}
    assert run_action("ssh", step | {"script": "echo '{\"a\": 1}'", "output_mode": "disabled"}).output == {}


def test_a_last_line_that_is_no_object_is_a_server_error(run_action, step):
    with pytest.raises(ServerError, match="no JSON object") as raised:
        run_action("ssh", step | {"script": "echo text", "output_mode": "manual-lastline"})
    assert (raised.value.output, raised.value.metadata["exit_code"]) == (None, "0")


def test_a_listed_exit_code_blocks(run_action, step):
    with pytest.raises(ClientError, match="exit status 4"):
        run_action("ssh", step | {"script": "exit 4", "exit_codes_unrecoverable": ["2-5"]})


def test_the_script_stands_in_no_process_list_and_does_not_read_itself(run_action, step):
    script = 'cat; SECRET=hunter2; for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < $file; done'
    shown = run_action("ssh", step | {"script": script}).metadata["output"]
    assert "eval" in shown
    assert "hunter2" not in shown


def test_a_machine_without_a_shell_is_given_the_script_as_its_command(run_action, step, sshd, tmp_path):
    key = key_pair()
    appliance = tmp_path / "appliance.sh"
    appliance.write_text('printf "asked: %s\\n" "$SSH_ORIGINAL_COMMAND"; cat')
    sshd.authorize(key, f"sh {appliance}")
    command = {"ssh_key": key.private, "script": "show version", "script_as_command": "true", "output_mode": "disabled"}
    assert run_action("ssh", step | command).metadata["output"] == "asked: show version\n"


def test_through_hops_the_bastion_is_told_the_way_and_gets_the_script(run_action, step, sshd, tmp_path):
    key = key_pair()
    bastion = tmp_path / "bastion.sh"
    bastion.write_text('printf "to: %s\\n" "$SSH_ORIGINAL_COMMAND"; exec sh')
    sshd.authorize(key, f"sh {bastion}")
    way = {"target": "inner.example:2222", "hops": [sshd.target, "second"], "ssh_key": key.private}
    result = run_action("ssh", step | way | {"script": "A=5; echo there", "result": {"a": "$A"}})
    assert result.output == {"a": "5"}
    assert result.metadata["output"].startswith("to: second -- inner.example:2222\nthere\n")


def test_a_large_script_and_a_large_output_come_through(run_action, step):
    script = "# " + "x" * 300_000 + "\nhead -c 3000000 /dev/zero | tr '\\0' a; echo"
    result = run_action("ssh", step | {"script": script, "result": {"a": "ok"}})
    assert result.output == {"a": "ok"}
    assert result.metadata["output"].startswith("a" * 3_000_000)


def test_what_a_script_leaves_running_does_not_hold_it_up(run_action, step, tmp_path):
    script = f"sleep 1000 & echo $! > {tmp_path}/pid; A=1"
    assert run_action("ssh", step | {"script": script, "result": {"a": "$A"}}).output == {"a": "1"}
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


# Time


def test_a_script_that_takes_too_long_is_given_up_and_what_it_wrote_is_kept(run_action, step, tmp_path):
    script = f"echo started; echo $$ > {tmp_path}/pid; exec sleep 1000"
    with pytest.raises(ServerError, match="took too long") as raised:
        run_action("ssh", step | {"script": script, "timeout": "500ms"})
    assert raised.value.metadata["output"] == "started\n"
    assert raised.value.metadata["exit_code"] == ""
    # OpenSSH passes a signal on in sessions of every user but root.
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_a_request_to_stop_ends_it(run_action, step, context, tmp_path):
    cancelled = Cancellation()
    os.mkfifo(tmp_path / "ready")

    def stop_when_it_runs() -> None:
        (tmp_path / "ready").read_text()
        cancelled.set()

    thread = threading.Thread(target=stop_when_it_runs)
    thread.start()
    with pytest.raises(Stopped):
        run_action(
            "ssh", step | {"script": f"echo > {tmp_path}/ready; sleep 5"}, ctx=replace(context, cancelled=cancelled)
        )
    thread.join()


def test_an_output_without_end_is_cut(run_action, step, context):
    small = replace(context, surroundings=replace(context.surroundings, max_response_bytes=100_000))
    with pytest.raises(ServerError, match="more than 100000 bytes") as raised:
        run_action("ssh", step | {"script": "yes"}, ctx=small)
    assert len(raised.value.metadata["output"]) == 100_000


def test_a_script_ended_by_a_signal_says_which(run_action, step):
    with pytest.raises(ServerError, match="TERM") as raised:
        run_action("ssh", step | {"script": "kill -TERM $$"})
    assert (raised.value.metadata["exit_code"], raised.value.metadata["exit_signal"]) == ("", "TERM")


# Keys


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_each_kind_of_key_opens_with_its_passphrase(run_action, step, sshd, kind):
    key = key_pair(kind, "open sesame")
    sshd.authorize(key)
    login = {"ssh_key": key.private, "ssh_key_passphrase": "open sesame", "script": "echo in"}
    assert run_action("ssh", step | login).metadata["output"] == "in\n"


@pytest.mark.parametrize(
    ("key", "passphrase", "said"),
    [
        ("not a key", "", "no private key"),
        (key_pair(passphrase="right").private, "wrong", "passphrase is wrong"),
        (key_pair(passphrase="right").private, "", "needs its passphrase"),
        (KEY.public, "", "no private key"),
    ],
)
def test_a_key_that_cannot_be_read_is_the_authors_mistake_and_is_not_shown(run_action, step, key, passphrase, said):
    with pytest.raises(ClientError, match=said) as raised:
        run_action("ssh", step | {"ssh_key": key, "ssh_key_passphrase": passphrase})
    assert raised.value.metadata is None
    assert key not in raised.value.message


def test_a_key_that_the_server_does_not_know_is_a_server_error(run_action, step):
    with pytest.raises(ServerError, match="refuses the key"):
        run_action("ssh", step | {"ssh_key": key_pair().private})


# Host keys


def test_an_unknown_host_is_refused_and_the_way_out_is_named(run_action, step, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ClientError, match=r"not a known host.*insecure_ignore_host_key"):
        run_action("ssh", step | {"known_hosts": ""})


def test_the_known_hosts_of_the_services_user_count(run_action, step, sshd, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(sshd.known_hosts)
    assert run_action("ssh", step | {"known_hosts": "", "script": "echo in"}).metadata["output"] == "in\n"


def test_a_wrong_host_key_is_refused(run_action, step, sshd):
    other: KeyPair = key_pair()
    with pytest.raises(ClientError, match="another host key"):
        run_action("ssh", step | {"known_hosts": f"[127.0.0.1]:{sshd.port} {other.public}"})


def test_the_check_can_be_turned_off_for_a_step(run_action, step):
    unchecked = {"known_hosts": "", "insecure_ignore_host_key": "true", "script": "echo in"}
    assert run_action("ssh", step | unchecked).metadata["output"] == "in\n"


def test_known_hosts_that_cannot_be_read_are_the_authors_mistake(run_action, step):
    with pytest.raises(ClientError, match="line 2"):
        run_action("ssh", step | {"known_hosts": "# comment\nnonsense"})


# The network


def test_a_refused_connection_is_a_server_error(run_action, step):
    with pytest.raises(ServerError, match="connection refused") as raised:
        run_action("ssh", step | {"target": f"127.0.0.1:{free_port()}"})
    assert raised.value.metadata is None


def test_a_name_that_does_not_resolve_is_a_server_error(run_action, step):
    with pytest.raises(ServerError, match="cannot be resolved"):
        run_action("ssh", step | {"target": "no-such-host.invalid"})


def test_a_peer_that_does_not_speak_ssh_is_a_server_error(run_action, step):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak_nonsense() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=speak_nonsense)
        thread.start()
        with pytest.raises(ServerError):
            run_action("ssh", step | {"target": f"127.0.0.1:{server.getsockname()[1]}"})
        thread.join()


def test_a_denied_network_is_not_connected_to(run_action, step, context):
    closed = replace(context, surroundings=replace(context.surroundings, denied_networks=("127.0.0.0/8",)))
    with pytest.raises(ClientError, match="may not connect"):
        run_action("ssh", step, ctx=closed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h", ("h", 22)),
        ("h:2", ("h", 2)),
        ("::1", ("::1", 22)),
        ("[::1]:2", ("::1", 2)),
        ("10.0.0.1:22", ("10.0.0.1", 22)),
    ],
)
def test_a_machine_is_written_as_host_or_host_and_port(text, expected):
    found = Destination.parse(text)
    assert (found.host, found.port) == expected


@pytest.mark.parametrize("text", [":22", "h:0", "h:65536", "h:x", "user@h", "h h", "h:"])
def test_anything_else_is_the_authors_mistake(run_action, step, text):
    with pytest.raises(ClientError, match="neither host nor host:port"):
        run_action("ssh", step | {"target": text})


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hops": ["h"] * 11}, "hops: has 11 elements"),
        ({"result": {"a": "b"}, "output_mode": "disabled"}, "result: is only for"),
        ({"output_manual_delimiters": ["a", "b"]}, "only for output_mode"),
        ({"output_mode": "manual-delimiters", "output_manual_delimiters": ["a"]}, "needs two"),
        ({"output_mode": "manual-delimiters"}, "needs two"),
        ({"output_mode": "last"}, "output_mode"),
        ({"timeout": "-5s"}, "too small"),
        ({"timeout": "{{.input.t}}"}, "template handle"),
        ({"user": ""}, "user"),
        ({"target": None}, "target: is required"),
        ({"ssh_key": ""}, "ssh_key"),
        ({"exit_codes_unrecoverable": ["3-2"]}, "no range"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, changes, said):
    base = {"user": "u", "target": "t", "ssh_key": "k"}
    assert refused("ssh", base) == []
    assert said in "\n".join(refused("ssh", base | changes))


def test_it_holds_a_socket_the_target_and_each_hop(registry, surroundings):
    action = registry.get("ssh")
    cfg = action.decode(None, {"user": "u", "target": "t:22", "hops": ["a", "b:2"], "ssh_key": "k"}, surroundings)
    assert action.resources(cfg, surroundings) == ["socket", "url:t:22", "url:a", "url:b:2"]
