import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.engine.gotemplate.jsontext import loads
from tasks.engine.javascript import JavaScriptError, Reason, check_syntax, evaluate, pool

SHORT = timedelta(milliseconds=300)


def reason_of(expression, timeout=SHORT):
    with pytest.raises(JavaScriptError) as caught:
        evaluate(expression, timeout)
    return caught.value.reason


def test_the_value_of_the_last_statement_comes_as_text():
    assert evaluate("var a = 2; a * 21") == "42"
    assert evaluate("[1, [2, 3]]") == "1,2,3"
    assert evaluate("") == "undefined"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("2n ** 70n", "1180591620717411303424"),
        ("Symbol('a')", "Symbol(a)"),
        ("'\\ud800'", "\ufffd"),
        ("'a' + '\\udc00' + 'b'", "a\ufffdb"),
        ("'\\ud83d\\ude00'", "😀"),
        ("'a\\u0000b'", "a\0b"),
        ("(function () { return arguments.length })(1, 2)", "2"),
    ],
)
def test_values_that_do_not_cross_easily_come_as_text_too(expression, text):
    assert evaluate(expression) == text


def test_half_a_character_in_the_expression_does_no_harm():
    assert evaluate("'\ud800x'") == "\ufffdx"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 +", Reason.SYNTAX),
        ("return 1", Reason.SYNTAX),
        ("let a; let a", Reason.SYNTAX),
        ("x", Reason.EXCEPTION),
        ("throw 'x'", Reason.EXCEPTION),
        ("throw {toString: null}", Reason.EXCEPTION),
        ("JSON.parse('{')", Reason.EXCEPTION),
        ("eval('1 +')", Reason.EXCEPTION),
        ("(function f() { return f() })()", Reason.EXCEPTION),
        ("({toString: function () { return String(this) }})", Reason.EXCEPTION),
        ("for (;;);", Reason.TIMEOUT),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", Reason.TIMEOUT),
        ("'x'.repeat(1e8) + 'y'", Reason.MEMORY),
        ("var a = []; while (true) a.push(new Array(1000))", Reason.MEMORY),
    ],
)
def test_an_expression_without_a_value_says_why(expression, reason):
    assert reason_of(expression, timedelta(seconds=5 if reason is not Reason.TIMEOUT else 0.3)) is reason


@pytest.mark.parametrize(
    "bomb",
    [
        "new Array(3e8).fill(0).length",
        "var x = 3n; while (true) x = x * x + 3n",
        "var a = []; while (true) a.push(new Uint8Array(1e7).fill(1))",
        "new Array(5e7).fill().map((x, i) => '' + i).sort().length",
    ],
)
def test_what_hears_of_no_limit_ends_all_the_same(bomb):
    assert reason_of(bomb) in {Reason.TIMEOUT, Reason.MEMORY, Reason.EXCEPTION}
    assert evaluate("1 + 1") == "2"


def test_a_syntax_error_names_its_line():
    with pytest.raises(JavaScriptError, match=r"SyntaxError: .* \(line 3\)"):
        evaluate("var a = 1;\n\na +* 2")


@pytest.mark.parametrize("timeout", [timedelta(0), timedelta(seconds=-1)])
def test_no_time_at_all_is_over_at_once(timeout):
    assert reason_of("1", timeout) is Reason.TIMEOUT


def test_more_time_than_the_clock_can_count_is_no_limit():
    assert evaluate("1", timedelta.max) == "1"


@pytest.mark.parametrize(
    ("leak", "probe"),
    [
        ("leak = 1", "typeof leak"),
        ("var leak = 1", "typeof leak"),
        ("globalThis.leak = 1", "typeof leak"),
        ("Object.prototype.leak = 1", "typeof ({}).leak"),
        ("Array.prototype.leak = 1", "typeof [].leak"),
        ("JSON.leak = 1", "typeof JSON.leak"),
        ("Symbol.for('x').leak; String.prototype.leak = 1", "typeof 'a'.leak"),
    ],
)
def test_nothing_is_left_for_the_next_expression(leak, probe):
    evaluate(leak)
    assert evaluate(probe) == "undefined"


def test_an_expression_cannot_forge_its_answer():
    assert evaluate("JSON.stringify = String = eval = function () { return 'v\"forged\"' }; 'own'") == "own"
    assert (
        evaluate("Object.prototype.toJSON = String.prototype.toJSON = function () { return 'forged' }; 'own'") == "own"
    )


@pytest.mark.parametrize("name", ["require", "process", "setTimeout", "WebAssembly", "SharedArrayBuffer", "fetch"])
def test_nothing_of_the_machine_is_there(name):
    assert evaluate(f"typeof {name}") == "undefined"


def test_data_is_there_under_its_names():
    data = loads('{"input": {"n": 41, "big": 12345678901234567890}, "step": {"this": {"state": "DONE"}}}')
    assert evaluate("input.n + 1", data=data) == "42"
    assert evaluate("step.this.state", data=data) == "DONE"
    assert evaluate("typeof config", data=data) == "undefined"


def test_data_cannot_be_changed_but_its_names_can_be_declared_anew():
    data = {"input": {"a": {"b": 1}}, "step": {}}
    assert evaluate("input.a.b = 5; delete input.a; input.a.b", data=data) == "1"
    assert evaluate("var step = 3; function input() { return step } input()", data=data) == "3"
    assert evaluate("let input = 7; input", data=data) == "7"


def test_only_data_that_is_named_is_copied():
    class Unwritable:
        pass

    assert evaluate("input", data={"input": 1, "step": Unwritable()}) == "1"
    with pytest.raises(ValueError, match="JSON"):
        evaluate("step", data={"step": Unwritable()})


def test_syntax_is_checked_without_running_anything():
    check_syntax("for (;;);")
    check_syntax("throw 1")
    with pytest.raises(JavaScriptError) as caught:
        check_syntax("for (;;")
    assert caught.value.reason is Reason.SYNTAX


def test_eight_threads_get_their_own_answers_while_one_hangs():
    answers = {}

    def work(number):
        answers[number] = [evaluate(f"{number} * {each}") for each in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    hanging = threading.Thread(target=reason_of, args=("for (;;);", timedelta(seconds=1)))
    for thread in (hanging, *threads):
        thread.start()
    for thread in (hanging, *threads):
        thread.join()
    assert answers == {number: [str(number * each) for each in range(20)] for number in range(8)}


def test_no_more_interpreters_than_allowed_are_started():
    started = []
    real = pool._Interpreter

    class Counted(real):
        def __init__(self):
            started.append(self)
            super().__init__()

    fresh = pool._Pool()
    pool._Interpreter, before, pool._pool = Counted, pool._pool, fresh
    try:
        threads = [threading.Thread(target=evaluate, args=("1",)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 1 <= len(started) <= pool.SIZE
    finally:
        pool._Interpreter, pool._pool = real, before
        for interpreter in started:
            interpreter.end()


def test_an_interpreter_that_was_killed_while_idle_is_replaced():
    evaluate("1")
    for interpreter in list(pool._pool._idle):
        interpreter._process.kill()
        interpreter._process.wait()
    assert evaluate("2") == "2"


def in_a_fork(work):
    """What ``work`` returns, as text, in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], 60)
    assert ready, "the fork hangs"
    answer = os.read(reading, 1000).decode()
    os.close(reading)
    os.waitpid(child, 0)
    return answer


def test_a_fork_has_interpreters_of_its_own():
    assert evaluate("1") == "1"
    before = {interpreter._process.pid for interpreter in pool._pool._all}

    def work():
        answer = evaluate("2")
        ours = {interpreter._process.pid for interpreter in pool._pool._all}
        return f"{answer} {ours.isdisjoint(before)}"

    assert in_a_fork(work) == "2 True"
    assert evaluate("3") == "3"
    assert before <= {interpreter._process.pid for interpreter in pool._pool._all}


def test_a_fork_made_while_an_expression_runs_works():
    hanging = threading.Thread(target=reason_of, args=("for (;;);", timedelta(seconds=1)))
    hanging.start()
    assert in_a_fork(lambda: evaluate("1 + 1")) == "2"
    hanging.join()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_interpreters_end_with_their_process_even_when_it_is_killed():
    program = (
        "from tasks.engine.javascript import evaluate, pool; evaluate('1');"
        "print(next(iter(pool._pool._all))._process.pid, flush=True); input()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    interpreter = int(owner.stdout.readline())
    assert is_running(interpreter)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    for _ in range(600):
        if not is_running(interpreter):
            break
        time.sleep(0.05)
    assert not is_running(interpreter)


def test_an_interpreter_sees_no_environment(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEST", "value")
    fresh = pool._Interpreter()
    try:
        environment = Path(f"/proc/{fresh._process.pid}/environ").read_bytes()
    finally:
        fresh.end()
    assert b"SECRET_OF_THE_TEST" not in environment


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*"abx19+-*/(){}[];,.'\"`=<>!&|?:\n", "function", "return", "var ", "=>", "1n"])).map(
            "".join
        ),
    )
)
def test_any_text_has_a_value_or_says_why_not(expression):
    with suppress(JavaScriptError):
        assert isinstance(evaluate(expression, timedelta(seconds=2)), str)
