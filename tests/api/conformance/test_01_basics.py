"""Cases 1 to 15: paths, authentication, forms of errors."""

import uuid

from tests.api.clients import Person, error_of
from tests.api.live import Service


def test_case_1_metrics_are_open_where_the_operator_opens_them(someone) -> None:
    assert someone("").get("/metrics").status_code == 200


def test_case_2_ping_answers_pong(someone) -> None:
    answer = someone("").get("/unsecured/mon/ping")
    assert (answer.status_code, answer.content) == (200, b"pong")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_case_3_the_root_leads_to_meta(req: Person, someone) -> None:
    answer = req.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/meta")
    assert someone("").get("/").status_code == 401


def test_case_4_meta_says_who_you_are(adm: Person, req: Person, someone) -> None:
    mine, others = adm.read("/meta"), someone("wgr").read("/meta")
    assert (mine["user_is_admin"], mine["username"], mine["user_groups"]) == (True, "adm", [])
    assert (others["user_is_admin"], others["user_groups"]) == (False, ["watchers"])
    assert list(mine) == ["application_name", "user_is_admin", "username", "user_groups", "version", "commit"]
    assert mine["application_name"] == "conformance"


def test_case_5_without_credentials_401_without_a_body_and_a_challenge(someone) -> None:
    answer = someone("").get("/template/password")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Authorization Required"'
    wrong = someone("nobody").get("/template/password")
    assert (wrong.status_code, wrong.content) == (401, b"")


def test_case_6_unknown_paths_and_methods_are_404_in_plain_text(req: Person, service: Service) -> None:
    for answer in (req.get("/nope"), req.post("/meta"), req.delete("/task")):
        assert (answer.status_code, answer.content) == (404, b"404 page not found")
        assert answer.headers["Content-Type"].startswith("text/plain")
    head = service._send("req", "HEAD", "/meta", None, {})
    assert head.status_code == 404


def test_case_7_a_slash_too_many_is_taken_away(req: Person) -> None:
    answer = req.get("/task/?type=all")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/task?type=all")
    assert req.post("/task/").status_code == 307
    assert req.get("//evil.example/").headers["Location"] == "/evil.example"


def test_case_8_keys_are_rotated_by_administrators(adm: Person, req: Person) -> None:
    assert req.post("/key-rotate").status_code == 401
    answer = adm.post("/key-rotate")
    assert (answer.status_code, answer.content) == (200, b"")


def test_case_13_malformed_ids_are_400_and_unknown_ones_404(adm: Person) -> None:
    malformed, unknown = adm.get("/task/not-a-uuid"), adm.get(f"/task/{uuid.uuid4()}")
    assert (malformed.status_code, unknown.status_code) == (400, 404)
    assert error_of(malformed)
    assert error_of(unknown)


def test_case_14_pages_of_any_origin_may_read(req: Person, someone) -> None:
    for answer in (req.get("/meta"), req.get("/task/x"), someone("").get("/meta")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    asked = req._send("", "OPTIONS", "/task", None, {})
    assert asked.status_code == 204
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Link" in asked.headers["Access-Control-Expose-Headers"]


OPERATIONS = {
    ("get", "/meta"): "GetMetadata",
    ("get", "/template"): "ListTemplates",
    ("get", "/template/{template_name}"): "GetTemplate",
    ("get", "/function"): "ListFunctions",
    ("get", "/function/{function_name}"): "GetFunction",
    ("post", "/task"): "CreateTask",
    ("get", "/task"): "ListTasks",
    ("get", "/task/{task_id}"): "GetTask",
    ("put", "/task/{task_id}"): "EditTask",
    ("post", "/task/{task_id}/wontfix"): "CancelTask",
    ("delete", "/task/{task_id}"): "DeleteTask",
    ("post", "/batch"): "BatchCreateTask",
    ("post", "/task/{task_id}/comment"): "AddTaskComment",
    ("get", "/task/{task_id}/comment"): "ListTaskComments",
    ("get", "/task/{task_id}/comment/{comment_id}"): "GetTaskComment",
    ("put", "/task/{task_id}/comment/{comment_id}"): "EditTaskComment",
    ("delete", "/task/{task_id}/comment/{comment_id}"): "DeleteTaskComment",
    ("post", "/resolution"): "CreateTaskResolution",
    ("get", "/resolution"): "ListResolutions",
    ("get", "/resolution/{resolution_id}"): "GetTaskResolution",
    ("put", "/resolution/{resolution_id}"): "EditTaskResolution",
    ("post", "/resolution/{resolution_id}/run"): "ExecuteTask",
    ("post", "/resolution/{resolution_id}/pause"): "PauseTaskExecution",
    ("post", "/resolution/{resolution_id}/extend"): "ExtendTaskResolution",
    ("post", "/resolution/{resolution_id}/cancel"): "CancelTaskResolution",
    ("get", "/resolution/{resolution_id}/step/{step_name}"): "GetTaskResolutionStep",
    ("put", "/resolution/{resolution_id}/step/{step_name}"): "EditTaskResolutionStep",
    ("put", "/resolution/{resolution_id}/step/{step_name}/state"): "EditTaskResolutionStepState",
    ("post", "/key-rotate"): "ReencryptData",
    ("post", "/unsecured/callback/{callback_id}"): "HandleCallback",
}


def test_case_15_the_description_has_every_operation(someone) -> None:
    paths = someone("").read("/unsecured/spec.json")["paths"]
    described = {(method, path): each["operationId"] for path in paths for method, each in paths[path].items()}
    assert described.items() >= OPERATIONS.items()
