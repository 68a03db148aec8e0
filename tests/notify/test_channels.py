"""Each channel against a receiver on loopback: what arrives, what counts as arrived, what is never told."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tasks.notify import DeliveryFailed, Message, add_channel, deliver

TASK = "3f0c2d1e-0000-4000-8000-000000000001"


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    answer: bytes = b"ok"
    seen: list = field(default_factory=list)


@pytest.fixture
def receiver():
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.seen.append((self.path, dict(self.headers), body))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            self.wfile.write(told.answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def message(kind="task_state_update", **fields):
    return Message("d-1", kind, "ops", "#task #id:x\n<title> & more", {"task_id": TASK, "state": "BLOCKED", **fields})


def test_a_webhook_gets_one_flat_object_with_sorted_keys(receiver):
    deliver("webhook", message(step_name=""), {"webhook_url": f"{receiver.url}/hook"})
    [(path, headers, body)] = receiver.seen
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Utask-Delivery"] == "d-1"
    assert list(json.loads(body)) == ["message", "notification_type", "state", "step_name", "task_id"]


def test_a_webhook_uses_login_headers_and_signature_of_its_backend(receiver):
    settings = {
        "webhook_url": receiver.url,
        "username": "ann",
        "password": "s3cret",
        "headers": {"Content-Type": "text/x-json", "X-Team": "sre"},
        "secret": "k",
    }
    deliver("webhook", message(), settings)
    [(_, headers, body)] = receiver.seen
    assert headers["Authorization"].startswith("Basic ")
    assert (headers["Content-Type"], headers["X-Team"]) == ("text/x-json", "sre")
    assert headers["X-Utask-Signature"] == "sha256=" + hmac.new(b"k", body, hashlib.sha256).hexdigest()


def test_a_webhook_without_password_sends_no_login(receiver):
    deliver("webhook", message(), {"webhook_url": receiver.url, "username": "ann"})
    assert "Authorization" not in receiver.seen[0][1]


def test_a_refusal_tells_status_and_answer_but_not_the_address(receiver):
    receiver.status, receiver.answer = 503, b"try later"
    with pytest.raises(DeliveryFailed, match="status 503: try later") as refused:
        deliver("webhook", message(), {"webhook_url": f"{receiver.url}/secret-path"})
    assert "secret-path" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret-path", "not an address/secret-path"])
def test_a_receiver_that_cannot_be_reached_is_told_without_its_address(url):
    with pytest.raises(DeliveryFailed) as failed:
        deliver("webhook", message(), {"webhook_url": url})
    assert "secret-path" not in str(failed.value)


def test_slack_gets_blocks_with_its_markup_escaped_and_its_limits_kept(receiver):
    deliver("slack", message(**{f"f{number}": "v" for number in range(12)}, empty=""), {"webhook_url": receiver.url})
    blocks = json.loads(receiver.seen[0][2])["blocks"]
    assert blocks[0]["text"]["text"] == "#task #id:x\n&lt;title&gt; &amp; more"
    sections = [block["fields"] for block in blocks if "fields" in block]
    assert [len(fields) for fields in sections] == [10, 4]
    assert {"type": "mrkdwn", "text": f"*Task Id:*\n{TASK}"} in sections[0]
    assert blocks[-1]["elements"][0]["text"] == "🚀 Sent from ops"


def test_slack_has_it_only_when_it_says_ok(receiver):
    receiver.answer = b"invalid_token"
    with pytest.raises(DeliveryFailed, match="invalid_token"):
        deliver("slack", message(), {"webhook_url": receiver.url})


def test_a_blocked_task_opens_an_alert_under_its_own_alias(receiver):
    deliver("opsgenie", message(), {"api_url": receiver.url, "api_key": "k-1"})
    [(path, headers, body)] = receiver.seen
    assert path == "/v2/alerts"
    assert headers["Authorization"] == "GenieKey k-1"
    alert = json.loads(body)
    assert alert["alias"] == TASK
    assert alert["details"]["state"] == "BLOCKED"


@pytest.mark.parametrize("state", ["DONE", "CANCELLED", "WONTFIX"])
def test_a_task_that_is_over_closes_its_alert(receiver, state):
    deliver("opsgenie", message(state=state), {"api_url": receiver.url, "api_key": "k-1"})
    assert receiver.seen[0][0] == f"/v2/alerts/{TASK}/close?identifierType=alias"


def test_a_step_that_is_done_closes_nothing(receiver):
    deliver("opsgenie", message("task_step_update", state="DONE"), {"api_url": receiver.url, "api_key": "k"})
    assert receiver.seen[0][0] == "/v2/alerts"


def test_a_long_message_is_cut_to_what_opsgenie_takes(receiver):
    long = Message("d", "notify", "ops", "x" * 500, {})
    deliver("opsgenie", long, {"api_url": receiver.url, "api_key": "k"})
    assert len(json.loads(receiver.seen[0][2])["message"]) == 130


def test_a_plugin_brings_a_channel_of_its_own():
    got = []
    add_channel("pigeon", lambda sent, settings: got.append((sent.text, settings["loft"])))
    deliver("pigeon", message(), {"loft": "north"})
    assert got == [(message().text, "north")]


def test_an_unknown_type_is_a_failure_like_any_other():
    with pytest.raises(DeliveryFailed, match="no channel of type fax"):
        deliver("fax", message(), {})
