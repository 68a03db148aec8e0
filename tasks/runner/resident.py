"""The runner as it lives in a worker process: made, looped, stopped. Source: docs/running.md, "A runner's life"."""

import logging
import math
import os
import select
import socket
import time
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.db import Error

from tasks import doorbell
from tasks.config.current import configuration
from tasks.doorbell import Bell
from tasks.models import clock
from tasks.runner import claims
from tasks.runner.coordinator import Coordinator, Share
from tasks.runner.flush import DeclaredDead, Fence
from tasks.runner.hands import Hands
from tasks.runner.limits import Limits
from tasks.runner.presence import Presence
from tasks.runner.work import Work
from tasks.services.catalog import registry

log = logging.getLogger(__name__)

#: The longest wait of an idle runner, and of one whose hands are at work.
_IDLE_SECONDS, _BUSY_SECONDS = 0.4, 0.05
_RETRY_SECONDS = 1.0


class Stop(Protocol):
    """Says that the process is to end; readable once it does."""

    def is_set(self) -> bool: ...

    def fileno(self) -> int: ...


def make(*, workers: int = 1) -> Coordinator:
    """A new runner, entered in the database; it shares its instance's limits with ``workers`` runners in all."""
    cfg = configuration().cfg
    share = Share(
        most=_part(cfg.max_concurrent_executions, workers),
        most_cut_off=_part(cfg.max_concurrent_executions_from_crashed, workers),
        pause_between_cut_off=cfg.delay_between_crashed_tasks_resolution,
    )
    now = clock.measure()
    runner_id = claims.register(
        instance=instance_name(),
        host=socket.gethostname(),
        pid=os.getpid(),
        region=settings.UTASK_REGION,
        capacity=share.most,
        now=now,
    )
    presence = Presence()
    presence.show(runner_id)
    scope = instance_name() if cfg.resource_limits_per_instance else ""
    limits = Limits(cfg.resource_limits, runner_id, scope)
    work = Work(Hands(settings.UTASK_HANDS), limits, registry(), cfg.resource_acquire_timeout)
    coordinator = Coordinator(work, Fence(runner_id), presence, share, settings.UTASK_REGION)
    coordinator.in_maintenance = settings.UTASK_MAINTENANCE
    return coordinator


def instance_name() -> str:
    """What all runners started together on one machine have in common."""
    return f"{socket.gethostname()}/{os.getppid()}"


def _part(limit: int | None, workers: int) -> int:
    """One runner's part of a limit, rounded up; None: no limit."""
    return 1_000_000 if limit is None else math.ceil(limit / workers)


def live(stop: Stop, *, workers: int, grace: timedelta) -> None:
    """Run resolutions until asked to stop, then give back what is not finished within ``grace``."""
    while not stop.is_set():
        try:
            coordinator = make(workers=workers)
        except Error:
            log.warning("runner cannot enter the database", exc_info=True)
            time.sleep(_RETRY_SECONDS)
            continue
        log.info("runner started", extra={"runner": coordinator.fence.runner_id})
        try:
            _loop(coordinator, stop)
            _stop(coordinator, grace)
        except DeclaredDead:
            # What it held is others' by now; whatever its hands still do is told to stop.
            log.error("runner was declared dead", extra={"runner": coordinator.fence.runner_id})
            coordinator.work.stop_all()
            coordinator.work.hands.close()


def _loop(coordinator: Coordinator, stop: Stop) -> None:
    with Bell(doorbell.RUNNABLE, doorbell.ORDERS) as bell:
        while not stop.is_set():
            if not coordinator.run_once():
                _wait(coordinator, stop, bell)


def _wait(coordinator: Coordinator, stop: Stop, bell: Bell) -> None:
    seconds = _BUSY_SECONDS if coordinator.work.is_busy or coordinator.work.limits.waiting else _IDLE_SECONDS
    moment = coordinator.next_moment()
    if moment is not None:
        seconds = min(seconds, max(0.0, (moment - clock.reckoned()).total_seconds()))
    ears = bell.fileno()
    ready, _, _ = select.select([ears, coordinator.work.hands.fileno(), stop.fileno()], [], [], seconds)
    if ears in ready and bell.wait(0):
        _listen(coordinator, bell)


def _listen(coordinator: Coordinator, bell: Bell) -> None:
    for topic in bell.heard:
        family, _, detail = topic.partition(":")
        if family == doorbell.RUNNABLE:
            coordinator.should_claim = True
            coordinator.work.limits.try_again()
        elif family == doorbell.ORDERS and detail in ("", str(coordinator.fence.runner_id)):
            coordinator.should_check_leases = True


def _stop(coordinator: Coordinator, grace: timedelta) -> None:
    coordinator.begin_to_stop()
    until = time.monotonic() + grace.total_seconds()
    while coordinator.work.held and time.monotonic() < until:
        if not coordinator.run_once():
            select.select([coordinator.work.hands], [], [], min(_BUSY_SECONDS, max(0.0, until - time.monotonic())))
    try:
        coordinator.give_back_all()
        coordinator.retire()
    except Error:
        log.warning("runner could not say good-bye; others will notice", exc_info=True)
