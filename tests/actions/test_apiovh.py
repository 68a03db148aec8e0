"""The apiovh action against a stand-in that checks how requests are signed."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from actions import ClientError, Context, ServerError
from actions import _ovh as ovh
from tests.peers.ovh import APP_KEY, APP_SECRET, CLIENT_ID, CLIENT_SECRET, CONSUMER_KEY, signed, speaking_ovh
from tests.peers.web import Reply, WebPeer, json_reply

WithItems = Callable[[dict[str, str]], Context]


@pytest.fixture
def with_items(context: Context) -> WithItems:
    """The context of an installation with these configuration items."""

    def build(items: dict[str, str]) -> Context:
        def config(name: str) -> str:
            if name not in items:
                raise LookupError(f"configuration item {name!r}: no item found")
            return items[name]

        return replace(context, surroundings=replace(context.surroundings, config=config))

    return build


@pytest.fixture(autouse=True)
def nothing_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No credentials in the environment, nor in files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ENDPOINT", "APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"OVH_{name}", raising=False)


@pytest.fixture
def api(web: WebPeer) -> WebPeer:
    return speaking_ovh(web)


def legacy(api: WebPeer, **changes: str) -> dict[str, str]:
    item = {"endpoint": f"{api.url}/1.0", "appKey": APP_KEY, "appSecret": APP_SECRET, "consumerKey": CONSUMER_KEY}
    return {"ovh": json.dumps(item | changes)}


STEP = {"credentials": "ovh", "method": "GET", "path": "/me"}


def test_a_signed_request_is_let_in(run_action, with_items, api):
    api.on("/1.0/me", signed(api, json_reply('{"nic": "xx1-ovh"}', 200, ("X-Ovh-Queryid", "EU.1"))))
    result = run_action("apiovh", STEP, ctx=with_items(legacy(api)))
    assert result.output == {"nic": "xx1-ovh"}
    assert result.metadata["HTTPStatus"] == 200
    assert result.metadata["HTTPHeaders"]["X-Ovh-Queryid"] == "EU.1"


def test_the_body_is_serialised_again_and_signed(run_action, with_items, api):
    api.on("/1.0/domain", signed(api, json_reply('"done"')))
    body = '{ "b": 12345678901234567890,\n "a": "é" }'
    step = STEP | {"method": "POST", "path": "/domain?dry=1", "body": body}
    assert run_action("apiovh", step, ctx=with_items(legacy(api))).output == "done"
    assert api.last.text == '{"a":"é","b":12345678901234567890}'
    assert api.last.headers["content-type"] == "application/json"


def test_a_wrong_secret_is_refused_by_the_api(run_action, with_items, api):
    api.on("/1.0/me", signed(api, json_reply("{}")))
    with pytest.raises(ClientError, match="status 403") as raised:
        run_action("apiovh", STEP, ctx=with_items(legacy(api, appSecret="wrong")))
    assert raised.value.output == {"message": "wrong x-ovh-signature"}


@pytest.mark.parametrize(("status", "error"), [(404, ClientError), (409, ClientError), (500, ServerError)])
def test_the_status_decides_the_class_of_the_error(run_action, with_items, api, status, error):
    api.on("/1.0/me", signed(api, json_reply('{"message": "no"}', status)))
    with pytest.raises(error) as raised:
        run_action("apiovh", STEP, ctx=with_items(legacy(api)))
    assert raised.value.metadata["HTTPStatus"] == status


def test_a_client_gets_a_token(run_action, with_items, api, monkeypatch):
    monkeypatch.setitem(ovh.ENDPOINTS, "ovh-eu", f"{api.url}/1.0")
    monkeypatch.setitem(ovh.TOKEN_URLS, "ovh-eu", f"{api.url}/token")
    api.on("/1.0/me", signed(api, json_reply('{"nic": "xx1-ovh"}')))
    item = json.dumps({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET})
    assert run_action("apiovh", STEP, ctx=with_items({"ovh": item})).output == {"nic": "xx1-ovh"}
    wrong = json.dumps({"clientId": CLIENT_ID, "clientSecret": "wrong-secret"})
    with pytest.raises(ServerError, match="status 401") as raised:
        run_action("apiovh", STEP, ctx=with_items({"ovh": wrong}))
    assert "wrong-secret" not in raised.value.message


def test_an_unreachable_clock_is_a_server_error(run_action, with_items, web):
    with pytest.raises(ServerError, match="status 404"):
        run_action("apiovh", STEP, ctx=with_items(legacy(web)))


def test_a_second_generation_path_takes_the_place_of_the_version(with_items, api):
    credentials = ovh.Credentials.read(json.loads(legacy(api)["ovh"]))
    assert credentials.url("/v2/iam") == f"{api.url}/v2/iam"
    assert credentials.url("/me") == f"{api.url}/1.0/me"


def test_redirects_are_followed_but_signatures_do_not_go_to_another_host(run_action, with_items, api):
    api.on("/1.0/me", Reply(307, "", [("Location", f"http://localhost:{api.port}/elsewhere")]))
    api.on("/elsewhere", json_reply("{}"))
    run_action("apiovh", STEP, ctx=with_items(legacy(api)))
    assert api.last.path == "/elsewhere"
    assert not [name for name in api.last.headers if name.startswith("x-ovh")]


# Credentials


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (None, "no item found"),
        ("not json", "is no JSON"),
        ("[]", "must be a JSON object"),
        ('{"appKey": "k", "appSecret": "s3cr3t"}', "needs appKey, appSecret and consumerKey"),
        ('{"clientId": "k"}', "needs both clientId and clientSecret"),
        ('{"clientId": "k", "clientSecret": "s3cr3t", "endpoint": "kimsufi-eu"}', "clientId works with the endpoints"),
        ('{"clientId": "k", "clientSecret": "s3cr3t", "consumerKey": "c"}', "keep one of them"),
        ('{"endpoint": "moon", "appKey": "k", "appSecret": "s3cr3t", "consumerKey": "c"}', "unknown endpoint"),
    ],
)
def test_unusable_credentials_are_refused_at_load_and_a_server_error_at_run(
    registry, run_action, with_items, item, said
):
    context = with_items({} if item is None else {"ovh": item})
    problems = registry.check("apiovh", None, STEP, surroundings=context.surroundings)
    assert [problem.path for problem in problems] == [("credentials",)]
    assert said in problems[0].what
    with pytest.raises(ServerError, match=said) as raised:
        run_action("apiovh", STEP, ctx=context)
    assert "s3cr3t" not in raised.value.message + problems[0].what


def test_what_an_item_leaves_out_comes_from_the_environment_and_from_files(with_items, monkeypatch, tmp_path):
    (tmp_path / ".ovh.conf").write_text(
        "[default]\nendpoint=ovh-ca\n[ovh-ca]\napplication_key=from-file\napplication_secret=file-secret\n"
    )
    monkeypatch.setenv("OVH_CONSUMER_KEY", "from-environment")
    found = ovh.Credentials.read({"appSecret": "from-item"})
    assert (found.endpoint, found.app_key, found.app_secret, found.consumer_key) == (
        "ovh-ca",
        "from-file",
        "from-item",
        "from-environment",
    )


def test_it_holds_a_socket_and_the_host_of_its_endpoint(registry, with_items, api):
    action = registry.get("apiovh")
    context = with_items(legacy(api) | {"us": json.dumps({"appKey": "k", "appSecret": "s", "consumerKey": "c"})})
    for name, host in (("ovh", f"127.0.0.1:{api.port}"), ("us", "eu.api.ovh.com")):
        cfg = action.decode(None, STEP | {"credentials": name}, context.surroundings)
        assert action.resources(cfg, context.surroundings) == ["socket", f"url:{host}"]
    cfg = action.decode(None, STEP | {"credentials": "missing"}, context.surroundings)
    assert action.resources(cfg, context.surroundings) == ["socket"]


# Checks when a template is loaded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "PATCH"}, "method"),
        ({"method": "{{.input.m}}"}, "method"),
        ({"credentials": ""}, "credentials"),
        ({"body": {"a": 1}}, "body"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, changes, said):
    handle = STEP | {"credentials": "{{.input.account}}", "path": "{{.input.p}}", "body": "{{.input.b}}"}
    assert refused("apiovh", handle) == []
    assert said in "\n".join(refused("apiovh", handle | changes))


def test_a_body_that_is_no_json_is_a_server_error(run_action, with_items, api):
    with pytest.raises(ServerError):
        run_action("apiovh", STEP | {"method": "POST", "body": "{"}, ctx=with_items(legacy(api)))


def test_only_metadata_that_can_exist_may_be_named(registry):
    schema = registry.metadata_schema("apiovh")
    assert set(schema["properties"]) == {"HTTPStatus", "HTTPHeaders", "HTTPHeaderLists", "HTTPCookies"}
    assert schema["additionalProperties"] is False
