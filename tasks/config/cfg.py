"""``utask-cfg``: the JSON text as typed values, and everything that is wrong with it at once.

Knows the meaning of each key, not where the text came from. Source: docs/operating.md, "utask-cfg".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tasks.config.items import Items, Mistake
from tasks.config.notifications import Backend, KindRule, read_backends, read_rules
from tasks.config.shapes import NotJson, Shape, json_object

KEY = "utask-cfg"
#: Ways to store values, none of them first; a plugin can bring more.
COMPRESSIONS = ("noop", "gzip")
_LEAST_EXPIRATION = timedelta(minutes=1)
_BODY_DEFAULT, _BODY_LEAST, _BODY_MOST = 262_144, 1_024, 10_485_760


@dataclass(frozen=True)
class DatabaseConfig:
    """How the database is reached. ``most_connections`` 0 and ``lifetime_seconds`` 0 mean no limit."""

    most_connections: int = 50
    idle_connections: int = 30
    lifetime_seconds: int = 60
    item: str = "database"


@dataclass(frozen=True)
class Cfg:
    """What ``utask-cfg`` says, with its defaults. None for a number of executions means no limit."""

    application_name: str = ""
    admin_usernames: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()
    completed_task_expiration: timedelta = timedelta(hours=720)
    #: Ours; None: unfinished tasks that are blocked are kept for ever.
    blocked_task_expiration: timedelta | None = None
    notify_config: Mapping[str, Backend] = field(default_factory=dict)
    notify_actions: Mapping[str, KindRule] = field(default_factory=dict)
    database_config: DatabaseConfig = field(default_factory=DatabaseConfig)
    concealed_secrets: tuple[str, ...] = ()
    #: Ours; None: every item that is not concealed.
    visible_items: tuple[str, ...] | None = None
    resource_limits: Mapping[str, int] = field(default_factory=dict)
    #: Ours; False: they hold over all instances together.
    resource_limits_per_instance: bool = False
    #: None: wait without limit.
    resource_acquire_timeout: timedelta | None = timedelta(minutes=1)
    max_concurrent_executions: int | None = 100
    max_concurrent_executions_from_crashed: int | None = 20
    delay_between_crashed_tasks_resolution: timedelta = timedelta(seconds=1)
    base_url: str = ""
    dashboard_path_prefix: str = ""
    dashboard_api_path_prefix: str = ""
    dashboard_sentry_dsn: str = ""
    steps_compression_algorithm: str = "noop"
    max_body_bytes: int = _BODY_DEFAULT


@dataclass(frozen=True)
class CfgReading:
    """A configuration as far as it could be read, what is wrong with it, and what nothing reads."""

    cfg: Cfg
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Plugged:
    """Names that init plugins add to those that the configuration may use."""

    backends: frozenset[str] = frozenset()
    compressions: frozenset[str] = frozenset()


def read_cfg(items: Items, *, required: bool, plugged: Plugged = Plugged()) -> CfgReading:
    """``utask-cfg`` of these items. ``required``: its absence is a mistake, not the defaults."""
    text = items.get(KEY)
    if text is None:
        reason = f'failed to get utask configuration from store: configstore: get "{KEY}": no item found'
        return CfgReading(Cfg(), (Mistake(KEY, reason),) if required else ())
    try:
        document = json_object(text)
    except NotJson as error:
        return CfgReading(Cfg(), (Mistake(KEY, f"failed to unmarshal utask configuration: {error}"),))
    mistakes: list[Mistake] = []
    shape = Shape(document, KEY, mistakes)
    cfg = _read(shape, items, plugged)
    warnings = tuple(Mistake(path, "unknown key, ignored") for path in shape.unknown_keys())
    return CfgReading(cfg, tuple(mistakes), warnings)


def _read(shape: Shape, items: Items, plugged: Plugged) -> Cfg:
    usernames, groups = shape.texts("admin_usernames"), shape.texts("admin_groups")
    if not usernames and not groups:
        shape.refuse("admin_usernames", "Admin user list can't be empty: name admin_usernames or admin_groups")
    backends = read_backends(shape.shape_by_name("notify_config"), items, plugged.backends)
    most, most_crashed = _read_executions(shape)
    wait = shape.duration("resource_acquire_timeout", timedelta(minutes=1))
    return Cfg(
        application_name=shape.text("application_name"),
        admin_usernames=frozenset(usernames),
        admin_groups=frozenset(groups),
        completed_task_expiration=_read_expiration(shape, "completed_task_expiration", Cfg.completed_task_expiration),
        blocked_task_expiration=(
            _read_expiration(shape, "blocked_task_expiration", _LEAST_EXPIRATION)
            if shape.has("blocked_task_expiration")
            else None
        ),
        notify_config=backends,
        notify_actions=read_rules(shape.shape("notify_actions"), backends),
        database_config=_read_database(shape.shape("database_config")),
        concealed_secrets=shape.texts("concealed_secrets"),
        visible_items=shape.texts("visible_items") if shape.has("visible_items") else None,
        resource_limits=shape.amount_by_name("resource_limits"),
        resource_limits_per_instance=shape.flag("resource_limits_per_instance"),
        resource_acquire_timeout=wait if wait > timedelta() else None,
        max_concurrent_executions=most,
        max_concurrent_executions_from_crashed=most_crashed,
        delay_between_crashed_tasks_resolution=shape.duration(
            "delay_between_crashed_tasks_resolution", Cfg.delay_between_crashed_tasks_resolution
        ),
        base_url=shape.text("base_url"),
        dashboard_path_prefix=shape.text("dashboard_path_prefix"),
        dashboard_api_path_prefix=shape.text("dashboard_api_path_prefix"),
        dashboard_sentry_dsn=shape.text("dashboard_sentry_dsn"),
        steps_compression_algorithm=_read_compression(shape, plugged.compressions),
        max_body_bytes=_read_body_limit(shape.shape("server_options")),
    )


def _read_executions(shape: Shape) -> tuple[int | None, int | None]:
    """Resolutions at once, and those of them that may come from dead runners; the second follows the first."""
    most = shape.integer("max_concurrent_executions", 100)
    unlimited = most < 0
    crashed = shape.integer("max_concurrent_executions_from_crashed", 20 if unlimited else min(20, most))
    if crashed > most and not unlimited:
        shape.refuse(
            "max_concurrent_executions_from_crashed",
            "max_concurrent_executions_from_crashed can't be greater than max_concurrent_executions",
        )
    return None if unlimited else most, None if crashed < 0 else crashed


def _read_expiration(shape: Shape, name: str, default: timedelta) -> timedelta:
    expiration = shape.duration(name, default)
    if expiration >= _LEAST_EXPIRATION:
        return expiration
    shape.refuse(name, "must be at least 1m: what is finished would be deleted before anybody reads it")
    return default


def _read_database(shape: Shape) -> DatabaseConfig:
    def natural(name: str, default: int) -> int:
        value = shape.integer(name, default)
        return value if value >= 0 else default

    return DatabaseConfig(
        most_connections=natural("max_open_conns", DatabaseConfig.most_connections),
        idle_connections=natural("max_idle_conns", DatabaseConfig.idle_connections),
        lifetime_seconds=natural("conn_max_lifetime", DatabaseConfig.lifetime_seconds),
        item=shape.text("config_name") or DatabaseConfig.item,
    )


def _read_compression(shape: Shape, plugged: frozenset[str]) -> str:
    name = shape.text("steps_compression_algorithm") or COMPRESSIONS[0]
    known = (*COMPRESSIONS, *sorted(plugged))
    if name in known:
        return name
    shape.refuse("steps_compression_algorithm", f"{name} compression algorithm not found; known: {', '.join(known)}")
    return COMPRESSIONS[0]


def _read_body_limit(shape: Shape) -> int:
    """Bytes of the largest request body: 0 is the default, anything else is brought within its bounds."""
    wanted = shape.integer("max_body_bytes", 0)
    return min(max(wanted, _BODY_LEAST), _BODY_MOST) if wanted else _BODY_DEFAULT
