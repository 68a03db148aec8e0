"""What a service has behind it after two weeks: people, tasks that ended, messages that were given up.

Run inside the service's own environment (``manage.py shell``); prints where things are found, as JSON.
"""

import json
from datetime import timedelta
from typing import Any

#: Days ago -> tasks by state, for the charts.
_DAYS = {
    days: {"DONE": 9 + days * 7 % 11, "BLOCKED": days % 4 == 1, "CANCELLED": days % 5 == 2, "WONTFIX": days == 6}
    for days in range(1, 14)
}
_SERVICES = ("billing", "search", "mail")


def write(password: str) -> None:
    """All of it, once."""
    people = _people(password)
    _reload_templates()
    _letters()
    _tasks()
    print(json.dumps(people))  # noqa: T201 - how the caller hears of it


def _people(password: str) -> dict[str, Any]:
    from django.contrib.auth.models import Group, User
    from rest_framework.authtoken.models import Token

    group = Group.objects.create(name="operators")
    people = {}
    for name, first, last in (("rita", "Rita", "Resolver"), ("eve", "Eve", "Nobody"), ("alan", "Alan", "Asker")):
        email = f"{name}@example.org"
        people[name] = User.objects.create_user(name, email, password, first_name=first, last_name=last)
    people["rita"].groups.add(group)
    Token.objects.create(user=people["alan"], key="0123456789abcdef0123456789abcdef01234567")
    return {"rita": people["rita"].pk, "alan": people["alan"].pk, "operators": group.pk}


def _reload_templates() -> None:
    from django.contrib.auth.models import User

    from tasks.services import identity, template_upkeep

    template_upkeep.reload(identity.actor_of_user(User.objects.get(username="admin")))


def _letters() -> None:
    from django.utils import timezone

    from tasks.models import OutboxMessage, Task

    task = Task.objects.filter(state="BLOCKED").first()
    now = timezone.now()
    errors = {"slack-ops": "HTTP 404: no_service", "webhook-audit": "connection refused: audit.example.org:443"}
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            task=task,
            kind="task_state_update",
            backend=backend,
            payload="{}",
            tries=20,
            due_at=None,
            created=now - timedelta(hours=30),
            given_up=now - timedelta(hours=2),
            error=error,
        )
        for backend, error in errors.items()
    )


def _tasks() -> None:
    from django.utils import timezone

    from tasks.models import Resolution, Task, TaskTag, Template

    template = Template.objects.get(name="release")
    assert template.current_id is not None
    now = timezone.now()
    tasks = []
    for days, counts in _DAYS.items():
        states = [state for state, number in counts.items() for _ in range(number)]
        for index, state in enumerate(states):
            end = now - timedelta(days=days, minutes=17 * index)
            done = 7 if state == "DONE" else 3
            tasks.append(
                Task(
                    template=template,
                    version_id=template.current_id,
                    title=f"Release {_SERVICES[index % 3]} v0.{14 - days}.{index}",
                    requester_username=("alan", "rita")[index % 2],
                    state=state,
                    created=end - timedelta(minutes=4 + (days * 5 + index) % 9),
                    last_activity=end,
                    steps_done=done,
                    steps_total=7,
                    input="{}",
                )
            )
    Task.objects.bulk_create(tasks)
    TaskTag.objects.bulk_create(TaskTag(task=task, key="team", value="platform") for task in tasks)
    ended = {"DONE": "DONE", "BLOCKED": "BLOCKED_BADREQUEST", "CANCELLED": "CANCELLED"}
    Resolution.objects.bulk_create(
        Resolution(
            task=task,
            resolver_username="rita",
            resolver_input="{}",
            state=ended[task.state],
            template_name="release",
            run_count=1,
            waiting_for="blocked by canary: mend the cause, then run the resolution" if task.state == "BLOCKED" else "",
        )
        for task in tasks
        if task.state in ended
    )
