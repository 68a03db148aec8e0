"""The triggers that write list entries; see tasks/models/list_entry.py.

Whoever writes a tag or a member, or sets ``last_activity``, has the task's row locked: so none misses what another
adds. Members are never changed, nor are a task's requester and template. SQLite forgets the triggers of a table that a
migration makes anew: such a migration has to end with ``create`` of this one.
"""

from typing import Any, NamedTuple

from django.db import migrations


class Trigger(NamedTuple):
    """What is done for each row: ``{slot}``, ``{tag}`` and ``{member}`` stand for those of the row in brackets.

    ``{later}``: the new member is behind the task's first five.
    """

    name: str
    table: str
    event: str
    deed: str


TRIGGERS = (
    Trigger(
        "tasks_list_new_tag",
        "tasks_tasktag",
        "AFTER INSERT ON tasks_tasktag FOR EACH ROW",
        """INSERT INTO tasks_listentry (task_id, audience, tag, slot)
            SELECT t.id, 'everyone', {tag[NEW]}, {slot[t]} FROM tasks_task t WHERE t.id = NEW.task_id
            UNION ALL SELECT t.id, 'requester ' || t.requester_username, {tag[NEW]}, {slot[t]}
                FROM tasks_task t WHERE t.id = NEW.task_id
            UNION ALL SELECT t.id, 'template ' || t.template_id, {tag[NEW]}, {slot[t]}
                FROM tasks_task t WHERE t.id = NEW.task_id
            UNION ALL SELECT t.id, {member[m]}, {tag[NEW]}, {slot[t]}
                FROM (SELECT * FROM tasks_taskmember WHERE task_id = NEW.task_id ORDER BY id LIMIT 5) m
                JOIN tasks_task t ON t.id = m.task_id;""",
    ),
    Trigger(
        "tasks_list_changed_tag",
        "tasks_tasktag",
        "AFTER UPDATE OF value ON tasks_tasktag FOR EACH ROW WHEN (OLD.value <> NEW.value)",
        "UPDATE tasks_listentry SET tag = {tag[NEW]} WHERE task_id = OLD.task_id AND tag = {tag[OLD]};",
    ),
    Trigger(
        "tasks_list_old_tag",
        "tasks_tasktag",
        "AFTER DELETE ON tasks_tasktag FOR EACH ROW",
        "DELETE FROM tasks_listentry WHERE task_id = OLD.task_id AND tag = {tag[OLD]};",
    ),
    Trigger(
        "tasks_list_new_member",
        "tasks_taskmember",
        "AFTER INSERT ON tasks_taskmember FOR EACH ROW",
        """INSERT INTO tasks_listentry (task_id, audience, tag, slot)
            SELECT t.id, {member[NEW]}, '', {slot[t]} FROM tasks_task t WHERE t.id = NEW.task_id
            UNION ALL SELECT t.id, {member[NEW]}, '*', {slot[t]} FROM tasks_task t
                WHERE t.id = NEW.task_id AND {later}
            UNION ALL SELECT t.id, {member[NEW]}, {tag[g]}, {slot[t]}
                FROM tasks_tasktag g JOIN tasks_task t ON t.id = g.task_id
                WHERE g.task_id = NEW.task_id AND NOT {later};""",
    ),
    Trigger(
        "tasks_list_old_member",
        "tasks_taskmember",
        "AFTER DELETE ON tasks_taskmember FOR EACH ROW",
        "DELETE FROM tasks_listentry WHERE task_id = OLD.task_id AND audience = {member[OLD]};",
    ),
    Trigger(
        "tasks_list_activity",
        "tasks_task",
        "AFTER UPDATE OF last_activity ON tasks_task FOR EACH ROW WHEN ({slot[OLD]} <> {slot[NEW]})",
        "UPDATE tasks_listentry SET slot = {slot[NEW]} WHERE task_id = NEW.id;",
    ),
)
_SLOT = {
    "postgresql": "date_trunc('second', {row}.last_activity)",
    # Of a moment's text all but the fraction.
    "sqlite": "substr({row}.last_activity, 1, 19)",
}
_LATER = """EXISTS (
    SELECT 1 FROM tasks_taskmember e WHERE e.task_id = NEW.task_id AND e.id < NEW.id LIMIT 1 OFFSET 4
)"""
_ROWS = ("OLD", "NEW", "t", "m", "g")


def spelled(text: str, vendor: str) -> str:
    """The text in the words of a database."""
    words = {
        "slot": _SLOT[vendor],
        "tag": "substr(length({row}.key) || ':' || {row}.key || {row}.value, 1, 300)",
        "member": "{row}.role || ' ' || {row}.kind || ' ' || {row}.name",
    }
    by_row = {name: {row: word.format(row=row) for row in _ROWS} for name, word in words.items()}
    return text.format(later=_LATER, **by_row)


def create(apps: Any, schema_editor: Any) -> None:
    """Make all triggers, in the place of those that are there."""
    vendor = schema_editor.connection.vendor
    drop(apps, schema_editor)
    for name, _, event, deed in TRIGGERS:
        event, deed = spelled(event, vendor), spelled(deed, vendor)
        if vendor == "postgresql":
            function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            schema_editor.execute(f"{function} $$ BEGIN {deed} RETURN NULL; END $$", params=None)
            schema_editor.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION {name}()", params=None)
        else:
            schema_editor.execute(f"CREATE TRIGGER {name} {event} BEGIN {deed} END", params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    """Leave none of the triggers."""
    for name, table, _, _ in TRIGGERS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}", params=None)
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()", params=None)
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)


class Migration(migrations.Migration):
    """Triggers, apart from the tables: those are as ``makemigrations`` writes them."""

    dependencies = [("tasks", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
