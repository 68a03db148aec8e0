"""Init plugins: what they may do, in which order, and how a mistake of theirs is told. The page's examples run here."""

import hashlib
import hmac
import json
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from tasks import apps, notify, plugins
from tasks.config import current
from tasks.crypto import cipher
from tests.peers.web import Reply, WebPeer
from tests.plugins.conftest import Write

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
EXAMPLES = dict(re.findall(r"```python\n# init/(\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL))


def test_the_page_has_these_examples() -> None:
    assert set(EXAMPLES) == {"signed_header.py", "team.py"}


def test_the_example_of_a_signed_header(write: Write, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "k")
    write(signed_header=EXAMPLES["signed_header.py"])
    assert plugins.problems() == []
    signature = hmac.new(b"k", b"ann", hashlib.sha256).hexdigest()
    right = client.get("/meta", headers={"X-Gateway-User": "ann", "X-Gateway-Signature": signature})
    assert (right.json()["username"], right.json()["user_groups"]) == ("ann", ["gateway"])
    wrong = client.get("/meta", headers={"X-Gateway-User": "bob", "X-Gateway-Signature": signature})
    assert (wrong.status_code, wrong.content) == (401, b"")
    assert "Basic" in wrong.headers["WWW-Authenticate"]
    assert client.get("/meta").status_code == 401


def test_the_example_of_a_team(
    write: Write, client: Client, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "team-secrets"
    program.parent.mkdir()
    cfg = {
        "admin_usernames": ["ann"],
        "notify_config": {"chat": {"type": "teamchat", "config": {"url": "http://x", "room": "ops"}}},
    }
    told = {"utask-cfg": json.dumps(cfg), "basic-auth": '{"ann": "pass"}'}
    program.write_text(f"#!{sys.executable}\nprint({json.dumps(told)!r})\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    write(team=EXAMPLES["team.py"])
    assert plugins.problems() == []
    configuration = current.configuration()
    assert configuration.mistakes == ()
    assert configuration.cfg.admin_usernames == {"ann"}
    assert client.get("/team/Hello").status_code == 401
    assert client.get("/team/Hello", headers={"Authorization": "Basic YW5uOnBhc3M="}).json() == {"said": "Hello, ann"}
    with WebPeer().serving() as web:
        url = web.on("/chat", Reply())
        message = notify.Message("d", "notify", "chat", "it is done", {})
        notify.deliver("teamchat", message, {"url": url, "room": "ops"})
        assert json.loads(web.last.text) == {"room": "ops", "text": "it is done"}
        web.on("/chat", Reply(500))
        with pytest.raises(notify.DeliveryFailed):
            notify.deliver("teamchat", message, {"url": url, "room": "ops"})


def test_they_run_in_alphabetical_order_and_hidden_ones_do_not(write: Write) -> None:
    order = "import sys\ndef init(service): sys.modules.setdefault('plugin_order', []).append(__name__)\n"
    sys.modules.pop("plugin_order", None)
    write(b=order, a=order, C=order, _hidden=order)
    assert sys.modules.pop("plugin_order") == ["utask_init_C", "utask_init_a", "utask_init_b"]  # type: ignore[comparison-overlap]


def test_each_that_fails_is_named_with_its_file_and_line_and_ends_the_start(write: Write, tmp_path: Path) -> None:
    write(
        a="def init(service):\n    service.config.nothing\n",
        b="x = (\n",
        c="def other(): pass\n",
        d="import no_such_module_anywhere\n",
        e="def init(service):\n    service.http.add_route('PATCH', '/x', print)\n",
    )
    told = [str(problem).removeprefix(f"{tmp_path}/init/") for problem in plugins.problems()]
    assert told[0] == "a.py:2: AttributeError: '_Config' object has no attribute 'nothing'"
    assert told[1].startswith("b.py:1: SyntaxError")
    assert told[2] == "c.py: TypeError: has no function init(service)"
    assert told[3].startswith("d.py:1: ModuleNotFoundError")
    assert told[4].startswith("e.py:2: ValueError: method PATCH")
    with pytest.raises(ImproperlyConfigured, match=r"a\.py:2"):
        apps.require_ready()
    assert [message.id for message in apps.check_plugins()] == ["utask.E003"] * 5
    with pytest.raises(CommandError, match=r"c\.py: TypeError"):
        call_command("config", "check")


def test_of_two_that_set_the_authentication_the_later_counts_and_a_warning_names_both(
    write: Write, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    named = (
        "from tasks.services.providers import Identity\n"
        "def init(service): service.auth.use(lambda request: Identity({name!r}))\n"
    )
    write(a=named.format(name="first"), b=named.format(name="second"))
    assert client.get("/meta").json()["username"] == "second"
    [record] = [record for record in caplog.records if "two plugins" in record.message]
    assert record.of.endswith("a.py")
    assert record.by.endswith("b.py")


def test_whom_a_plugin_forbids_is_not_asked_for_a_password(write: Write, client: Client) -> None:
    write(
        a="from tasks.services.providers import Forbidden\n"
        "def refuse(request): raise Forbidden\n"
        "def init(service): service.auth.use(refuse)\n"
    )
    answer = client.get("/meta")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers.get("WWW-Authenticate", "") == ""


def test_a_route_that_changes_something_is_refused_in_maintenance_mode(
    write: Write, client: Client, settings: Any
) -> None:
    write(
        a="def init(service):\n"
        "    service.http.add_route('POST', '/hook', lambda request: {'was': 'written'}, secured=False)\n"
        "    service.http.add_route('GET', '/hook', lambda request: {'was': 'read'}, secured=False)\n"
        "    service.http.add_route('POST', '/clean', lambda request: None, secured=False, changes=False)\n"
    )
    assert client.post("/hook").json() == {"was": "written"}
    settings.UTASK_MAINTENANCE = True
    refused = client.post("/hook")
    assert (refused.status_code, refused.json()) == (405, {"error": "Maintenance mode activated"})
    assert client.get("/hook").json() == {"was": "read"}
    assert client.post("/clean").status_code == 200


BZ2 = """
import bz2

class Bz2:
    def compress(self, value): return bz2.compress(value)
    def decompress(self, packed, size): return bz2.BZ2Decompressor().decompress(packed, size + 1)

def init(service): service.compression.add("bz2", Bz2())
"""


def test_an_algorithm_of_a_plugin_may_be_configured_and_compresses_what_is_stored(
    write: Write, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CONFIGURATION_FROM = "env:WITH"
    cfg = {"admin_usernames": ["ann"], "steps_compression_algorithm": "bz2"}
    monkeypatch.setenv("WITH_UTASK_CFG", json.dumps(cfg))
    current._current = None
    assert "bz2 compression algorithm not found" in str(current.configuration().mistakes[0])
    write(packing=BZ2)
    assert (plugins.problems(), current.configuration().mistakes) == ([], ())
    value = b"again and " * 500
    token = cipher.encrypt(value, "a.b:c")
    assert len(token) < 300
    assert cipher.decrypt(token, "a.b:c") == value


def test_a_plugin_may_not_take_the_name_of_an_algorithm_that_is_ours(write: Write) -> None:
    write(a=BZ2.replace('"bz2", Bz2', '"gzip", Bz2'))
    assert "must be another than noop and gzip" in str(plugins.problems()[0])


def test_a_path_of_the_api_cannot_be_taken(write: Write, client: Client) -> None:
    write(a="def init(service): service.http.add_route('GET', '/meta', lambda request: 'mine', secured=False)\n")
    assert client.get("/meta").status_code == 401


def test_a_middleware_stands_around_the_audit(write: Write, settings: Any, db: None) -> None:
    write(
        mark="def Mark(get_response):\n"
        "    def answer(request):\n"
        "        response = get_response(request)\n"
        "        response.headers['X-Mark'] = response.headers.get('X-Request-Id', 'none')[:4]\n"
        "        return response\n"
        "    return answer\n"
        "def init(service): service.http.add_middleware('utask_init_mark.Mark')\n"
    )
    assert Client().get("/unsecured/mon/ping", headers={"X-Request-Id": "abcdef"}).headers["X-Mark"] == "abcd"


def test_a_source_of_actions_that_cannot_be_used_is_a_warning(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "broken.py").write_text("x = (\n")
    settings.UTASK_ACTIONS_PATH = [*settings.UTASK_ACTIONS_PATH, tmp_path]
    apps_registry = __import__("tasks.services.catalog", fromlist=["registry"]).registry
    apps_registry.cache_clear()
    try:
        [found] = apps.check_actions()
        assert found.id == "utask.W004"
        assert f"{tmp_path}/broken.py:1" in found.msg
    finally:
        apps_registry.cache_clear()
