"""The part of ``utask-cfg`` that says who is told what: backends and their strategies. Source: docs/operating.md,
"Notifications"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tasks.config.items import Items, normalise
from tasks.config.shapes import NotJson, Shape, yaml_object

#: What a message can tell of. ``notify`` is the kind of the action of that name.
KINDS = ("task_state_update", "task_validation", "task_step_update", "notify")
#: Which of a kind's messages are sent. ``any_failure`` also counts failures that only block or are retried.
STRATEGIES = ("always", "failure_only", "failure_or_done", "any_failure", "silent")
_WITHOUT_FAILURES = ("task_validation", "notify")
_WITHOUT_FAILURES_STRATEGIES = ("always", "silent")

OPSGENIE_ZONES = ("global", "eu", "sandbox")
_OPSGENIE_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True)
class TemplateStrategy:
    """A strategy that holds for some templates instead of the backend's default."""

    templates: frozenset[str]
    strategy: str


@dataclass(frozen=True)
class Backend:
    """One configured receiver. ``config`` holds its secrets and is not shown."""

    name: str
    type: str
    config: Mapping[str, object] = field(repr=False)
    defaults: Mapping[str, str]
    by_template: Mapping[str, tuple[TemplateStrategy, ...]]

    def strategy(self, kind: str, template: str) -> str:
        """What this backend wants of messages of ``kind`` about tasks of ``template``."""
        for entry in self.by_template.get(kind, ()):
            if template in entry.templates:
                return entry.strategy
        return self.defaults.get(kind, "always")


@dataclass(frozen=True)
class KindRule:
    """Whether messages of a kind are sent at all, and to whom (nobody named: to all)."""

    disabled: bool = False
    backends: tuple[str, ...] = ()


def read_backends(backends: Mapping[str, Shape], items: Items, plugin_types: frozenset[str]) -> dict[str, Backend]:
    """Name -> backend. What is wrong is noted in the shapes' mistakes."""
    return {name: _read_backend(name, shape, items, plugin_types) for name, shape in backends.items()}


def _read_backend(name: str, shape: Shape, items: Items, plugin_types: frozenset[str]) -> Backend:
    kind = shape.text("type")
    config = shape.shape("config")
    reader = _CONFIG_READERS.get(kind)
    if reader is not None:
        values = reader(name, config, items)
    else:
        values = config.everything()
        if kind not in plugin_types:
            known = ", ".join([*_CONFIG_READERS, *sorted(plugin_types)])
            shape.refuse("type", f"failed to identify backend type: {kind}; known: {known}")
    return Backend(name, kind, values, _read_defaults(shape), _read_by_template(shape))


def _read_defaults(shape: Shape) -> dict[str, str]:
    defaults = shape.text_by_name("default_notification_strategy")
    for kind, strategy in defaults.items():
        if kind not in KINDS:
            reason = f'invalid action in default_notification_strategy: "{kind}" is not allowed value'
        elif strategy not in STRATEGIES:
            reason = f'invalid default_notification_strategy: "{strategy}" is not a valid value'
        elif not _allowed(kind, strategy):
            reason = (
                f'invalid default_notification_strategy for action "{kind}": '
                f'"{strategy}" is not allowed for this action'
            )
        else:
            continue
        shape.refuse("default_notification_strategy", reason)
    return defaults


def _read_by_template(shape: Shape) -> dict[str, tuple[TemplateStrategy, ...]]:
    by_kind: dict[str, tuple[TemplateStrategy, ...]] = {}
    strategies = shape.shape("template_notification_strategies")
    for kind in strategies.names():
        entries = strategies.shapes(kind)
        if kind not in KINDS:
            strategies.refuse(
                kind, f'invalid action name "{kind}" found in notification_strategy: "{kind}" is not a valid value'
            )
        by_kind[kind] = tuple(_read_entry(kind, entry) for entry in entries)
    return by_kind


def _read_entry(kind: str, entry: Shape) -> TemplateStrategy:
    templates, strategy = entry.texts("templates"), entry.text("notification_strategy")
    named = f"invalid notification_strategy for templates [{' '.join(templates)}]"
    if strategy not in STRATEGIES:
        entry.refuse("notification_strategy", f'{named}: "{strategy}" is not a valid value')
    elif not _allowed(kind, strategy):
        entry.refuse(
            "notification_strategy", f'{named} and action "{kind}": "{strategy}" is not allowed for this action'
        )
    return TemplateStrategy(frozenset(template.strip().lower() for template in templates), strategy)


def _allowed(kind: str, strategy: str) -> bool:
    return kind not in _WITHOUT_FAILURES or strategy in _WITHOUT_FAILURES_STRATEGIES


def read_rules(actions: Shape, backends: Mapping[str, Backend]) -> dict[str, KindRule]:
    """Kind -> whether and to whom; ``backends`` are those that may be named."""
    rules = {}
    for kind in KINDS:
        rule = actions.shape(kind)
        wanted = rule.texts("notify_backends")
        for name in wanted:
            if name not in backends:
                known = ", ".join(backends) or "none"
                rule.refuse("notify_backends", f'"{name}" is no backend of notify_config; known: {known}')
        rules[kind] = KindRule(rule.flag("disabled"), tuple(name for name in wanted if name in backends))
    return rules


def _read_webhook(name: str, config: Shape, items: Items) -> dict[str, object]:
    values: dict[str, object] = {
        "webhook_url": config.text("webhook_url"),
        "username": config.text("username"),
        "password": config.text("password"),
        "headers": config.text_by_name("headers"),
        "secret": config.text("secret"),
    }
    wanted = config.text("credentials_name")
    if wanted:
        values.update(_credentials(wanted, name, config, items))
    return values


def _credentials(wanted: str, name: str, config: Shape, items: Items) -> dict[str, object]:
    """User name and password of the ``notify-webhook-credentials`` item that calls itself ``wanted``."""
    found = [
        credentials
        for credentials in (_read_credentials(item.value) for item in items.all("notify-webhook-credentials"))
        if normalise(str(credentials.get("credentials_name", ""))) == normalise(wanted)
    ]
    if len(found) == 1:
        return {"username": str(found[0].get("username", "")), "password": str(found[0].get("password", ""))}
    how_many = "more than one credentials" if found else "no credential"
    config.refuse("credentials_name", f'failed to retrieve cfg: webhook, {name}: {how_many} found with name "{wanted}"')
    return {}


def _read_credentials(text: str) -> dict[str, object]:
    """An item of credentials, JSON or YAML; one that is neither is reported where all items are checked."""
    try:
        return yaml_object(text)
    except NotJson:
        return {}


def _read_slack(_name: str, config: Shape, _items: Items) -> dict[str, object]:
    return {"webhook_url": config.text("webhook_url")}


def _read_opsgenie(_name: str, config: Shape, _items: Items) -> dict[str, object]:
    zone = config.text("zone")
    if zone not in OPSGENIE_ZONES:
        config.refuse("zone", f'failed to instantiate opsgenie notification sender: opsgenie zone "{zone}" not found')
    return {
        "zone": zone,
        "api_key": config.text("api_key"),
        "api_url": config.text("api_url").rstrip("/"),
        "timeout": config.duration("timeout", _OPSGENIE_TIMEOUT),
    }


_CONFIG_READERS: Mapping[str, Callable[[str, Shape, Items], dict[str, object]]] = {
    "webhook": _read_webhook,
    "slack": _read_slack,
    "opsgenie": _read_opsgenie,
}
