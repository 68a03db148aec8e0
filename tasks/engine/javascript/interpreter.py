"""The child process: reads expressions from a socket, runs each in a fresh isolate, and answers with its text.

Started as a script by ``pool.py``, with no environment and no import of ours. One request at a time: a JSON object
(``source``, ``seconds``, ``names``: JSON texts by name, ``check``: only look for syntax errors). An answer is a letter
and a JSON text: ``v`` value, ``s`` syntax error, ``x`` exception, ``t`` timeout, ``m`` memory. After the last two the
process ends, as what it left behind may still be running.
"""

import json
import os
import re
import resource
import signal
import socket
import struct
import sys
import threading
import time
from typing import Any

from py_mini_racer import JSEvalException, JSOOMException, JSParseException, JSTimeoutException, MiniRacer

#: Of an isolate's heap: V8 ends the expression in order.
_HEAP_BYTES = 64 << 20
#: Of all that the process takes beyond its start: V8 aborts, which the parent reads as memory.
_DATA_BYTES = 256 << 20
#: Of an answer.
_LONGEST_ANSWER = 10_000_000

# What the expression must not see or could change is taken aside before it runs. Its text crosses as JSON, so that no
# NUL and no half character meets C. A name of the data may be declared anew, as expressions written before there were
# any may do.
_RUN = """
(function (source, names) {
  "use strict";
  const run = eval, text = String, quote = JSON.stringify, parse = JSON.parse;
  const { freeze, keys, defineProperty } = Object, { deleteProperty } = Reflect;
  const isSyntaxError = (error) => error instanceof SyntaxError;
  for (const name of ["setTimeout", "clearTimeout", "__timer_manager", "WebAssembly", "SharedArrayBuffer", "Atomics"]) {
    if (!deleteProperty(globalThis, name)) globalThis[name] = undefined;
  }
  const frozen = (value) => {
    if (typeof value !== "object" || value === null) return value;
    keys(value).forEach((key) => frozen(value[key]));
    return freeze(value);
  };
  for (const name of keys(names)) {
    const value = frozen(parse(names[name]));
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }
  try {
    const answer = text(run(source));
    return answer.length > LONGEST ? "m" + quote("its value is too long") : "v" + quote(answer);
  } catch (error) {
    let told;
    try { told = text(error); } catch { told = "an exception that has no text"; }
    return (isSyntaxError(error) ? "s" : "x") + quote(told);
  }
})
""".replace("LONGEST", str(_LONGEST_ANSWER))

_PLACE = re.compile(r"^<anonymous>:(\d+): ?")


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A stop of the whole group is for the parent to see to: it may still want an answer.
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    isolate = _fresh_isolate()
    _limit_memory()
    _send(channel, "ready")
    while (request := _receive(channel)) is not None:
        answer = _answer(isolate, json.loads(request))
        _send(channel, answer)
        if answer[0] in "tm":
            os._exit(0)
        isolate.close()
        # Made while nobody waits.
        isolate = _fresh_isolate()


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has: a fork of it may hold our socket open."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _limit_memory() -> None:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    except (OSError, StopIteration):
        # Not on Linux: the isolate's own limit has to do.
        return
    resource.setrlimit(resource.RLIMIT_DATA, (used + _DATA_BYTES, used + _DATA_BYTES))


def _fresh_isolate() -> MiniRacer:
    isolate = MiniRacer()
    isolate.set_hard_memory_limit(_HEAP_BYTES)
    return isolate


def _answer(isolate: MiniRacer, request: dict[str, Any]) -> str:
    if request["check"]:
        return _syntax_error(isolate, request["source"]) or 'v""'
    try:
        call = f"({json.dumps(request['source'])}, {json.dumps(request['names'])})"
        answer = str(isolate.eval(_RUN + call, timeout_sec=request["seconds"]))
    except JSTimeoutException:
        return 't"it took longer than it may"'
    except JSOOMException:
        return 'm"it used more memory than it may"'
    except JSEvalException:
        # It ran out of stack even in telling its own error.
        return 'x"RangeError: Maximum call stack size exceeded"'
    if answer[0] == "s":
        # A syntax error of the text itself, or one thrown while it ran, as JSON.parse does?
        return _syntax_error(isolate, request["source"]) or "x" + answer[1:]
    return answer


def _syntax_error(isolate: MiniRacer, source: str) -> str:
    """The answer for a text that cannot be parsed; empty for one that can. It ends before its first statement."""
    try:
        isolate.eval("throw 0;" + source, timeout_sec=10)
    except JSParseException as error:
        first_line = str(error).partition("\n")[0]
        place = _PLACE.match(first_line)
        line = f" (line {place[1]})" if place else ""
        return "s" + json.dumps(_PLACE.sub("", first_line) + line)
    except (JSEvalException, JSTimeoutException, JSOOMException):
        pass
    return ""


def _send(channel: socket.socket, text: str) -> None:
    data = text.encode()
    channel.sendall(struct.pack(">I", len(data)) + data)


def _receive(channel: socket.socket) -> bytes | None:
    """The next request; None when the parent has closed its end."""
    header = _exactly(channel, 4)
    return None if header is None else _exactly(channel, struct.unpack(">I", header)[0])


def _exactly(channel: socket.socket, length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        part = channel.recv(min(length - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)


if __name__ == "__main__":
    main()
