"""One function a command: asks the client, prints a table or JSON, gives the exit status."""

import argparse
import json
import sys
from typing import Any

from utask_cli.client import Client
from utask_cli.prompts import ask_inputs
from utask_cli.tables import bar, table
from utask_cli.watching import watch

OK, FAILED = 0, 1


def templates(client: Client, asked: argparse.Namespace) -> int:
    found = list(client.templates())
    _print(asked, found, ("NAME", "DESCRIPTION", ""), [
        (one["name"], one["description"], "blocked" if one.get("blocked") else "") for one in found
    ])  # fmt: skip
    return OK


def new(client: Client, asked: argparse.Namespace) -> int:
    template = client.template(asked.template)
    given = dict(pair.split("=", 1) for pair in asked.input)
    body: dict[str, Any] = {
        "template_name": template["name"],
        "input": ask_inputs(template.get("inputs") or [], given, ask=_ask, say=_say),
        "tags": dict(pair.split("=", 1) for pair in asked.tag),
    }
    body |= {key: value for key in ("comment", "delay") if (value := getattr(asked, key))}
    task = client.create_task(body)
    if asked.watch:
        return _watched(client, asked, task["id"])
    _print_task(client, asked, task)
    return OK


def list_tasks(client: Client, asked: argparse.Namespace) -> int:
    filters = {"type": asked.type, "state": asked.state, "template": asked.template, "tag": asked.tag}
    found = list(client.tasks({key: value for key, value in filters.items() if value}, asked.most))
    heads = ("ID", "STATE", "STEPS", "TEMPLATE", "REQUESTER", "LAST ACTIVITY", "TITLE")
    _print(asked, found, heads, [
        (
            one["id"], one["state"], f"{one['steps_done']}/{one['steps_total']}", one["template_name"],
            one["requester_username"], one["last_activity"][:19].replace("T", " "), one["title"],
        )
        for one in found
    ])  # fmt: skip
    return OK


def show(client: Client, asked: argparse.Namespace) -> int:
    _print_task(client, asked, client.task(asked.task))
    return OK


def watch_task(client: Client, asked: argparse.Namespace) -> int:
    return _watched(client, asked, asked.task)


def resolve(client: Client, asked: argparse.Namespace) -> int:
    task = client.task(asked.task)
    given = dict(pair.split("=", 1) for pair in asked.input)
    client.resolve(asked.task, ask_inputs(task.get("resolver_inputs") or [], given, ask=_ask, say=_say))
    return OK


def act(client: Client, asked: argparse.Namespace) -> int:
    client.act(asked.task, asked.command)
    return OK


def reject(client: Client, asked: argparse.Namespace) -> int:
    client.reject(asked.task)
    return OK


def comment(client: Client, asked: argparse.Namespace) -> int:
    made = client.comment(asked.task, asked.text)
    if asked.json:
        _print_json(made)
    return OK


def _watched(client: Client, asked: argparse.Namespace, task_id: str) -> int:
    task = watch(client, task_id, out=sys.stderr if asked.json else sys.stdout, most_seconds=asked.timeout)
    _print_task(client, asked, task)
    return OK if task["state"] == "DONE" else FAILED


def _print_task(client: Client, asked: argparse.Namespace, task: dict[str, Any]) -> None:
    if asked.json:
        _print_json(task)
        return
    print(f"{task['title']}\n{task['id']}  {task['state']}  {bar(task['steps_done'], task['steps_total'])}")
    print(f"{task['template_name']}, asked by {task['requester_username']} on {task['created'][:19].replace('T', ' ')}")
    if task.get("waiting_for"):
        print(task["waiting_for"])
    if task.get("tags"):
        print(" ".join(f"{key}={value}" for key, value in task["tags"].items()))
    for name in ("input", "result"):
        if task.get(name):
            print(f"{name}: {json.dumps(task[name], indent=2, ensure_ascii=False)}")
    for failed in task.get("errors") or []:
        print(f"{failed.get('name') or failed['step']}: {failed['error']}")
    if task.get("resolution"):
        steps = client.resolution(task["resolution"]).get("steps") or {}
        print(table(("STEP", "STATE", "TRIES", "ERROR"), [
            (name, step.get("state", "TODO"), str(step.get("try_count", 0)), step.get("error", ""))
            for name, step in steps.items()
        ]))  # fmt: skip


def _print(asked: argparse.Namespace, found: list[dict[str, Any]], heads: tuple[str, ...], rows: list[Any]) -> None:
    if asked.json:
        _print_json(found)
    else:
        print(table(heads, rows))


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _ask(label: str) -> str:
    """What is typed; the question goes where it does not get between lines of JSON."""
    print(label, end="", file=sys.stderr, flush=True)
    return input()


def _say(text: str) -> None:
    print(text, file=sys.stderr)
