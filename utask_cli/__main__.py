"""``python -m utask_cli COMMAND``: exit status 0 done, 1 refused or failed, 2 wrong usage."""

import argparse
import sys
from collections.abc import Sequence

from utask_cli import commands
from utask_cli.client import Client, Refused
from utask_cli.prompts import BadValue
from utask_cli.settings import SettingsError, read_settings


def _pair(text: str) -> str:
    if not text.partition("=")[1] or text.startswith("="):
        raise argparse.ArgumentTypeError(f"{text!r}: NAME=VALUE is expected")
    return text


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser = argparse.ArgumentParser(
        prog="utask",
        description="Create, follow and steer tasks of a µTask server.",
        epilog="Server and user: --url, --user, or UTASK_URL, UTASK_TOKEN, UTASK_USER, UTASK_PASSWORD, or a file "
        "~/.config/utask/config.toml with url, token, user, password.",
    )
    parser.add_argument("--url", help="address of the server")
    parser.add_argument("--user", help="name of the user (the password comes from the environment or the file)")
    add = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: object, summary: str, *, task: bool = False) -> argparse.ArgumentParser:
        made = add.add_parser(name, parents=[common], help=summary, description=summary)
        made.set_defaults(run=run)
        if task:
            made.add_argument("task", help="id of the task")
        return made

    command("templates", commands.templates, "list the templates")
    new = command("new", commands.new, "create a task; asks for the inputs that are not given")
    new.add_argument("template")
    new.add_argument("-i", "--input", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    new.add_argument("--tag", action="append", default=[], type=_pair, metavar="KEY=VALUE")
    new.add_argument("--comment")
    new.add_argument("--delay", help="a duration like 1h30m")
    new.add_argument("--watch", action="store_true", help="follow it to its end")
    new.add_argument("--timeout", type=float, help="with --watch: seconds at most")
    listing = command("list", commands.list_tasks, "list tasks, newest activity first")
    listing.add_argument("--type", choices=["own", "resolvable", "all"], default="own")
    listing.add_argument("--state")
    listing.add_argument("--template")
    listing.add_argument("--tag", action="append", default=[], type=_pair, metavar="KEY=VALUE")
    listing.add_argument("-n", "--most", type=int, default=20, metavar="N")
    command("show", commands.show, "show one task with its steps", task=True)
    watching = command("watch", commands.watch_task, "follow a task to its end", task=True)
    watching.add_argument("--timeout", type=float, help="seconds at most")
    resolving = command("resolve", commands.resolve, "resolve a task; asks for the resolver's inputs", task=True)
    resolving.add_argument("-i", "--input", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    for act in ("run", "pause", "cancel", "extend"):
        command(act, commands.act, f"{act} the task's resolution", task=True)
    command("reject", commands.reject, "set a task to WONTFIX", task=True)
    comment = command("comment", commands.comment, "comment a task", task=True)
    comment.add_argument("text")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    asked = _parser().parse_args(arguments)
    try:
        settings = read_settings(url=asked.url, user=asked.user)
        status: int = asked.run(Client(settings), asked)
    except (Refused, BadValue, SettingsError) as error:
        print(f"utask: {error}", file=sys.stderr)
        return 1
    except EOFError:
        print("\nutask: the input ended before everything was answered; nothing was done", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
