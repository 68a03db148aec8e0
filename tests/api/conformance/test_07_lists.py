"""Cases 98 to 111: lists, filters, pages."""

import re
import uuid
from typing import Any

import pytest

from tests.api.clients import Person, error_of

LINK = re.compile(r"</task\?last=([0-9a-f-]{36})&page_size=10(&[^>]*)?>; rel=next")


@pytest.fixture(scope="module")
def mine(service: Any) -> list[str]:
    """Ids of 23 tasks that only their requester knows, newest first."""
    req = service.someone("req")
    return [req.task("owned", tags={"paged": "1", "b": str(number % 2)})["id"] for number in range(23)][::-1]


def ids(person: Person, query: str) -> list[str]:
    return [task["id"] for task in person.read(f"/task{query}")]


def test_case_98_newest_activity_first(req: Person, mine: list[str]) -> None:
    found = req.read("/task?page_size=20")
    assert [task["id"] for task in found] == mine[:20]
    moments = [task["last_activity"] for task in found]
    assert moments == sorted(moments, reverse=True)


def test_case_99_before_and_after_a_moment(req: Person, mine: list[str]) -> None:
    moment = req.read(f"/task/{mine[5]}")["last_activity"]
    assert ids(req, f"?after={moment}") == mine[:5]
    before = req.read(f"/task?before={moment}")
    assert [task["id"] for task in before][:3] == mine[6:9]
    assert all(task["last_activity"] < moment for task in before)


def test_case_100_every_task_once_by_following_the_links(req: Person, mine: list[str]) -> None:
    seen: list[str] = []
    path = "/task?page_size=10&tag=paged%3D1&type=own&state=TODO"
    while path:
        answer = req.get(path)
        assert answer.headers["X-Paging-PageSize"] == "10"
        seen += [task["id"] for task in answer.json()]
        link = answer.headers.get("Link")
        if link:
            assert LINK.fullmatch(link), link
            assert "&state=TODO&tag=paged%3D1&type=own" in link
            # A task that becomes active in between is not in the way of those behind.
            req.post(f"/task/{seen[-1]}/comment", {"content": "still there"})
        path = link.partition("<")[2].partition(">")[0] if link else ""
    assert seen == mine


@pytest.mark.parametrize(("asked", "size"), [("3", "10"), ("0", "1000"), ("20000", "10000"), ("", "1000")])
def test_case_101_the_size_of_a_page(req: Person, asked: str, size: str) -> None:
    assert req.get(f"/task?page_size={asked}").headers["X-Paging-PageSize"] == size


@pytest.mark.parametrize(
    "query",
    [
        "page_size=x",
        "page_size=-1",
        "type=foo",
        "type=own&type=all",
        "tag=a",
        "tag=a=",
        "tag==1",
        "tag=a=1=2",
        "batch=x",
        "last=x",
        "after=2024-01-01",
        "before=yesterday",
        "after=2024-13-01T00:00:00Z",
    ],
)
def test_case_103_and_others_what_cannot_be_a_parameter_is_refused(req: Person, query: str) -> None:
    answer = req.get(f"/task?{query}")
    assert answer.status_code == 400
    assert error_of(answer)


def test_case_102_empty_parameters_are_none(req: Person, mine: list[str]) -> None:
    assert ids(req, "?state=&template=&last=&tag=&type=&batch=&after=") == ids(req, "")


def test_case_104_all_tags_must_be_there(req: Person, mine: list[str]) -> None:
    both = ids(req, "?tag=paged=1&tag=b=1")
    assert both == mine[1::2]


def test_case_105_what_is_unknown(req: Person) -> None:
    assert ids(req, "?state=NOPE") == ids(req, "?template=nope") == []
    assert req.get(f"/task?batch={uuid.uuid4()}").status_code == 404
    assert req.get(f"/task?last={uuid.uuid4()}").status_code == 404


def test_cases_106_to_108_whose_tasks_are_found(adm: Person, someone) -> None:
    people = {
        "watcher_usernames": ["wat"],
        "watcher_groups": ["watchers"],
        "resolver_usernames": ["res"],
        "resolver_groups": ["resolvers"],
    }
    task = adm.task("owned", **people)["id"]

    def finds(name: str, kind: str) -> bool:
        return task in ids(someone(name), f"?type={kind}")

    assert {name: finds(name, "own") for name in ("wat", "wgr", "adm")} == {"wat": True, "wgr": False, "adm": True}
    found = {name for name in ("own", "ogr", "res", "rgr", "adm", "req", "wat") if finds(name, "resolvable")}
    assert found == {"own", "ogr", "res", "rgr"}
    assert {name for name in ("wgr", "wat", "own", "rgr", "adm", "str") if finds(name, "all")} == {
        "wgr",
        "wat",
        "own",
        "rgr",
        "adm",
    }
    stranger = someone("str").task()["id"]
    assert stranger in ids(adm, "?type=all")
    assert all(one["requester_username"] == "str" for one in someone("str").read("/task?type=all"))


def test_case_109_an_element_of_a_list(req: Person) -> None:
    task = req.task("chosen", comment="hello")
    listed = req.read("/task")[0]
    assert listed["id"] == task["id"]
    assert listed["input"] is None
    assert not {"result", "comments", "errors"} & set(listed)
    assert listed["resolver_inputs"][0]["name"] == "ri1"


def test_case_110_a_moment_with_a_zone(req: Person) -> None:
    assert req.get("/task?after=2024-01-01T00:00:00%2B01:00").status_code == 200


def test_case_111_functions(req: Person) -> None:
    answer = req.get("/function?page_size=10")
    names = [function["name"] for function in answer.json()]
    assert names == sorted(names)
    assert "greet" in names
    assert answer.headers["X-Paging-PageSize"] == "10"
    assert req.get("/function/nope").status_code == 404
    assert req.get("/function?last=nope").status_code == 404
    assert req.read("/function/greet")["action"]["type"] == "echo"
