"""The script action runs real programs."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from actions import ClientError, ServerError, Stopped
from actions._contract import Cancellation, Surroundings
from actions._outputs import is_listed, picked

WriteScript = Callable[..., str]


@pytest.fixture
def script(surroundings: Surroundings) -> WriteScript:
    """``script(text, name)``: writes an executable shell script, gives its path for ``file_path``."""

    def write(text: str, name: str = "it.sh") -> str:
        file = surroundings.scripts_folders[0] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}")
        file.chmod(0o755)
        return name

    return write


def test_the_last_line_is_the_output_and_everything_written_is_in_the_metadata(run_action, script):
    path = script(
        'echo "Hello world script"\necho \'{"dumb_string":"Hello \'$1\'!","random_object":{"foo":"bar"}}\'\n',
        "sub/a.sh",
    )
    result = run_action("script", {"file_path": f"./{path}", "argv": ["world"], "timeout_seconds": "25"})
    assert result.output == {"dumb_string": "Hello world!", "random_object": {"foo": "bar"}}
    metadata = dict(result.metadata)
    assert re.fullmatch(r"[0-9.]+(µs|ms|s)", metadata.pop("execution_time"))
    assert metadata == {
        "exit_code": "0",
        "process_state": "exit status 0",
        "output": 'Hello world script\n{"dumb_string":"Hello world!","random_object":{"foo":"bar"}}\n',
        "error": "",
    }


def test_a_script_knows_for_whom_it_works_and_little_of_the_services_environment(run_action, script, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    script(f"#!{sys.executable}\nimport os, json; print(json.dumps(dict(os.environ)))", "env.py")
    seen = run_action(
        "script", {"file_path": "env.py", "environment": {"static_value": "foo", "UTASK_STEP_NAME": "mine"}}
    )
    assert seen.output["UTASK_TASK_ID"] == "11111111-1111-4111-8111-111111111111"
    assert seen.output["UTASK_RESOLUTION_ID"] == "22222222-2222-4222-8222-222222222222"
    assert seen.output["UTASK_STEP_NAME"] == "mine"
    assert seen.output["static_value"] == "foo"
    assert seen.output["PATH"] == os.environ["PATH"]
    assert seen.output["LC_ALL"] == "C.UTF-8"
    assert "DATABASE_URL" not in seen.output


def test_an_operator_may_let_a_variable_through(run_action, script, monkeypatch, context):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    open_context = replace(context, surroundings=replace(context.surroundings, script_variables=("HTTPS_PROXY",)))
    script('echo "{\\"proxy\\": \\"$HTTPS_PROXY\\"}"')
    assert run_action("script", {"file_path": "it.sh"}, ctx=open_context).output == {"proxy": "http://proxy"}


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("a", "a"),
        (12, "12"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ([1, "x"], '[1,"x"]'),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_values_of_the_environment_are_written_as_texts(run_action, script, value, seen):
    script('printf "%s" "$VALUE"')
    result = run_action("script", {"file_path": "it.sh", "environment": {"VALUE": value}, "output_mode": "disabled"})
    assert result.metadata["output"] == seen


def test_it_runs_in_the_scripts_folder_and_reads_its_input(run_action, script, surroundings):
    script('pwd; cat; echo err >&2; echo "{}"')
    result = run_action("script", {"file_path": "it.sh", "stdin": "zażółć\n" * 50_000})
    folder, rest = result.metadata["output"].split("\n", 1)
    assert Path(folder) == surroundings.scripts_folders[0].resolve()
    assert rest == "zażółć\n" * 50_000 + "err\n{}\n"


def test_a_script_that_does_not_read_its_input_is_no_error(run_action, script):
    script("exec 0<&-; echo '{\"a\": 1}'")
    assert run_action("script", {"file_path": "it.sh", "stdin": "x" * 1_000_000}).output == {"a": 1}


def test_numbers_keep_their_text(run_action, script):
    script("echo '{\"n\": 1619464078123456789012}'")
    assert str(run_action("script", {"file_path": "it.sh"}).output["n"]) == "1619464078123456789012"


@pytest.mark.parametrize(
    ("mode", "captured", "expected"),
    [
        ("manual-lastline", "a\n{1}\n", "{1}"),
        ("manual-lastline", "a\n  {1}  ", "{1}"),
        ("manual-lastline", "a\n{1}\n\n", ""),
        ("manual-lastline", "{1}", "{1}"),
        ("manual-lastline", "", ""),
        ("disabled", "{1}", ""),
        ("manual-delimiters", "BEGIN{1}END mid BEGIN{2}END tail END z", "{2}END tail "),
        ("manual-delimiters", "BEGIN{1\n}END BEGIN", "{1\n}"),
        ("manual-delimiters", "END BEGIN", ""),
    ],
)
def test_the_part_that_is_read_depends_on_the_mode(mode, captured, expected):
    assert picked(captured, mode, ["BEGIN", "(E)ND"]) == expected


def test_the_output_between_delimiters_is_read(run_action, script):
    script('echo "noise <<"; echo \'{"a":\'; echo \'1}\'; echo ">> noise"')
    configuration = {"file_path": "it.sh", "output_mode": "manual-delimiters", "output_manual_delimiters": ["<<", ">>"]}
    assert run_action("script", configuration).output == {"a": 1}


@pytest.mark.parametrize("line", ["plain text", "[1]", "5", '"text"', '{"a": 1} rest', "null"])
def test_a_last_line_that_is_no_object_is_a_server_error_that_keeps_the_metadata(run_action, script, line):
    script(f"echo '{line}'")
    with pytest.raises(ServerError, match="no JSON object") as raised:
        run_action("script", {"file_path": "it.sh"})
    assert raised.value.output is None
    assert raised.value.metadata["output"] == f"{line}\n"


def test_plain_text_is_fine_when_no_output_is_looked_for(run_action, script):
    script("echo plain")
    assert run_action("script", {"file_path": "it.sh", "output_mode": "disabled"}).output == {}


def test_nothing_written_is_an_empty_output(run_action, script):
    script("exit 0")
    assert run_action("script", {"file_path": "it.sh"}).output == {}


@pytest.mark.parametrize(
    ("code", "listed", "error"),
    [(3, ["1-3"], ClientError), (3, ["3"], ClientError), (4, ["1-3"], ServerError), (7, ["007"], ServerError)],
)
def test_a_failure_blocks_when_its_code_is_listed_and_is_tried_again_when_not(run_action, script, code, listed, error):
    script(f"echo '{{\"a\": 1}}'; exit {code}")
    with pytest.raises(error, match=f"exit status {code}") as raised:
        run_action("script", {"file_path": "it.sh", "exit_codes_unrecoverable": listed})
    assert type(raised.value) is error
    assert raised.value.output == {"a": 1}
    assert raised.value.metadata["exit_code"] == str(code)
    assert raised.value.metadata["error"] == f"exit status {code}"


def test_a_failure_with_an_unreadable_last_line_is_judged_by_its_code(run_action, script):
    script("echo no; exit 3")
    with pytest.raises(ClientError) as raised:
        run_action("script", {"file_path": "it.sh", "exit_codes_unrecoverable": ["1-3"]})
    assert raised.value.output == {}


@pytest.mark.parametrize(
    ("code", "listed", "expected"), [(0, ["0"], False), (1, ["1-2"], True), (2, ["1-2"], True), (12, ["1"], False)]
)
def test_an_exit_code_is_listed_or_not(code, listed, expected):
    assert is_listed(code, listed) is expected


def test_a_script_that_takes_too_long_is_killed_with_all_it_started(run_action, script, tmp_path):
    script(f"sleep 1000 & echo $! > {tmp_path}/child; echo started; sleep 1000")
    with pytest.raises(ServerError, match="took too long") as raised:
        run_action("script", {"file_path": "it.sh", "timeout": "300ms"})
    metadata = raised.value.metadata
    assert (metadata["exit_code"], metadata["process_state"]) == ("-1", "signal: killed")
    assert metadata["output"] == "started\n"
    _wait_until_gone(int((tmp_path / "child").read_text()))


def _wait_until_gone(pid: int) -> None:
    """The kernel takes a moment to end a killed process."""
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.01)


def test_what_a_script_leaves_behind_ends_with_it(run_action, script, tmp_path):
    script(f"sleep 1000 & echo $! > {tmp_path}/child; echo '{{\"a\": 1}}'")
    assert run_action("script", {"file_path": "it.sh"}).output == {"a": 1}
    _wait_until_gone(int((tmp_path / "child").read_text()))


def test_the_steps_deadline_counts_when_it_comes_first(run_action, script):
    script("sleep 1000")
    with pytest.raises(ServerError, match="took too long"):
        run_action("script", {"file_path": "it.sh"}, deadline=time.monotonic() + 0.2)


def test_a_request_to_stop_kills_it(run_action, script, tmp_path):
    cancelled = Cancellation()
    os.mkfifo(tmp_path / "ready")

    def stop_when_it_runs() -> None:
        (tmp_path / "ready").read_text()
        cancelled.set()

    thread = threading.Thread(target=stop_when_it_runs)
    thread.start()
    script(f"echo > {tmp_path}/ready; sleep 1000")
    with pytest.raises(Stopped) as raised:
        run_action("script", {"file_path": "it.sh"}, cancelled=cancelled)
    thread.join()
    assert raised.value.metadata["process_state"] == "signal: killed"


def test_a_script_that_never_stops_writing_is_killed(run_action, script, context):
    small = replace(context, surroundings=replace(context.surroundings, max_response_bytes=100_000))
    script("yes")
    with pytest.raises(ServerError, match="more than 100000 bytes") as raised:
        run_action("script", {"file_path": "it.sh"}, ctx=small)
    assert len(raised.value.metadata["output"]) == 100_000


def test_a_signal_is_named(run_action, script):
    script(f"kill -{signal.SIGTERM} $$")
    with pytest.raises(ServerError, match="signal: terminated"):
        run_action("script", {"file_path": "it.sh"})


def test_output_that_is_no_text_is_replaced(run_action, script):
    script("printf 'a\\377b'")
    result = run_action("script", {"file_path": "it.sh", "output_mode": "disabled"})
    assert result.metadata["output"] == "a\ufffdb"


# Which files may run


def test_a_script_that_went_away_cannot_be_started(run_action):
    with pytest.raises(ServerError, match="not in the scripts folder") as raised:
        run_action("script", {"file_path": "gone.sh"})
    assert raised.value.output == {}
    assert raised.value.metadata["exit_code"] == "1"
    assert raised.value.metadata["process_state"] == "<nil>"


def test_a_script_that_cannot_be_started_counts_as_exit_code_1(run_action, script, surroundings):
    name = script("exit 0")
    (surroundings.scripts_folders[0] / name).chmod(0o644)
    with pytest.raises(ClientError, match="could not be started: Permission denied"):
        run_action("script", {"file_path": name, "exit_codes_unrecoverable": ["1"]})


@pytest.mark.parametrize("path", ["../secret.sh", "a/../../secret.sh", "link.sh", "folder/secret.sh"])
def test_no_path_leads_out_of_the_scripts_folder(run_action, refused, surroundings, path):
    folder = surroundings.scripts_folders[0]
    secret = folder.parent / "secret.sh"
    secret.write_text("#!/bin/sh\necho '{}'")
    secret.chmod(0o755)
    (folder / "link.sh").symlink_to(secret)
    (folder / "folder").symlink_to(folder.parent)
    assert "leads out of the scripts folder" in refused("script", {"file_path": path})[0]
    with pytest.raises(ClientError, match="leads out"):
        run_action("script", {"file_path": path})


def test_an_absolute_path_starts_at_the_scripts_folder(run_action, script):
    script("echo '{\"a\": 1}'", "abs.sh")
    assert run_action("script", {"file_path": "/abs.sh"}).output == {"a": 1}


def test_the_first_of_several_folders_that_has_the_file_counts(run_action, script, context, tmp_path):
    (tmp_path / "own").mkdir()
    folders = (tmp_path / "own", *context.surroundings.scripts_folders)
    both = replace(context, surroundings=replace(context.surroundings, scripts_folders=folders))
    script('echo \'{"from": "shipped"}\'')
    assert run_action("script", {"file_path": "it.sh"}, ctx=both).output == {"from": "shipped"}
    (tmp_path / "own" / "it.sh").write_text('#!/bin/sh\necho \'{"from": "own"}\'')
    (tmp_path / "own" / "it.sh").chmod(0o755)
    assert run_action("script", {"file_path": "it.sh"}, ctx=both).output == {"from": "own"}


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"file_path": "missing.sh"}, "not in the scripts folder"),
        ({"file_path": "plain.txt"}, "chmod +x"),
        ({"file_path": "{{.input.x}}"}, "template handle"),
        ({"file_path": ""}, "empty"),
        ({"output_mode": "auto-result"}, "output_mode"),
        ({"output_mode": "manual-delimiters"}, "needs two"),
        ({"output_mode": "manual-delimiters", "output_manual_delimiters": ["a"]}, "needs two"),
        ({"output_manual_delimiters": ["a", "b"]}, "only for"),
        ({"output_mode": "manual-delimiters", "output_manual_delimiters": ["(", "b"]}, "regular expression"),
        ({"exit_codes_unrecoverable": ["5-5"]}, "no range"),
        ({"exit_codes_unrecoverable": ["0-3"]}, "no range"),
        ({"exit_codes_unrecoverable": ["a"]}, "exit code"),
        ({"exit_codes_unrecoverable": [3]}, "must be text"),
        ({"timeout": "-5s"}, "too small"),
        ({"timeout": "5"}, "duration"),
        ({"timeout": "{{.input.t}}"}, "template handle"),
        ({"argv": [1]}, "argv[0]"),
        ({"environment": {"A=B": "1"}}, "environment"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, script, surroundings, changes, said):
    script("exit 0")
    (surroundings.scripts_folders[0] / "plain.txt").write_text("text")
    assert said in "\n".join(refused("script", {"file_path": "it.sh"} | changes))


def test_a_script_with_everything_is_accepted(refused, script):
    script("exit 0")
    configuration = {
        "file_path": "it.sh",
        "argv": ["{{.input.a}}"],
        "environment": {"A": "{{.input.a}}", "B": 1},
        "stdin": "{{.input.a}}",
        "timeout": "1m30s",
        "output_mode": "manual-delimiters",
        "output_manual_delimiters": ["^a", "b$"],
        "exit_codes_unrecoverable": ["0", "1-2", "7"],
    }
    assert refused("script", configuration) == []


def test_it_holds_a_fork_and_its_own_name(registry, surroundings, script):
    script("exit 0")
    action = registry.get("script")
    assert action.resources(action.decode(None, {"file_path": "it.sh"}, surroundings), surroundings) == [
        "fork",
        "script:it.sh",
    ]
