"""The process that keeps the others alive: one runner in each worker but the last, which serves ordinary jobs."""

import logging
import os
import signal
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any

from django.conf import settings
from django_q import cluster as stock
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.signals import post_spawn
from django_q.worker import worker

from tasks.cluster.names import name_process
from tasks.cluster.queues import PacketQueue, Residence, ResultQueue
from tasks.cluster.shared import SharedFlag, SharedNumber
from tasks.cluster.signals import (
    LAST_CALL_SECONDS,
    become_worker,
    dying_with_its_parent,
    parent_pid,
    send_when_parent_dies,
)

log = logging.getLogger(__name__)

#: Seconds between two requests to end, to workers that were forked too recently to hear the first.
_ASK_AGAIN_SECONDS = 0.5


class Sentinel(stock.Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """django-q2's sentinel with queues and flags that a killed process cannot break."""

    def __init__(self, stop_event: SharedFlag, start_event: SharedFlag, cluster_id: Any) -> None:
        super().__init__(stop_event, start_event, cluster_id, start=False)
        self.task_queue, self.result_queue, self.event_out = (
            PacketQueue("utask-worker"),
            ResultQueue("utask-monitor"),
            SharedFlag(),
        )
        self._give_up_at = float("inf")
        self.start()

    def start(self) -> None:
        """Start all processes and watch them until asked to stop.

        A signal to the whole group may end the workers before our parent can tell us why; its death is told by SIGHUP.
        """
        name_process("utask-sentinel")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stop_event.set())
        send_when_parent_dies(signal.SIGHUP, parent_pid())
        post_spawn.connect(_in_worker)
        super().start()

    def reincarnate(self, process: BaseProcess) -> None:
        """Put another in the place of one that died, unless all are to end."""
        if not self.stop_event.is_set():
            super().reincarnate(process)

    def spawn_worker(self) -> None:
        """Fill the place that is empty: a runner's, or the last one, for jobs."""
        residents = sum(1 for process in self.pool if process.resident)
        resident = residents < self.pool_size - 1
        queue = Residence(settings.UTASK_RUNNER) if resident else self.task_queue
        process = self.spawn_process(worker, queue, self.result_queue, SharedNumber(-1), self.timeout)
        process.resident = resident

    def spawn_pusher(self) -> BaseProcess:
        """The process that takes messages from the queue in the database."""
        self.broker.backlog = lambda: not self.task_queue.empty()
        process: BaseProcess = self.spawn_process(
            dying_with_its_parent(pusher), self.task_queue, self.event_out, self.broker
        )
        return process

    def spawn_monitor(self) -> BaseProcess:
        """The process that acknowledges what was done."""
        process: BaseProcess = self.spawn_process(dying_with_its_parent(monitor), self.result_queue, self.broker)
        return process

    def stop(self) -> None:
        """End all processes; those that do not end within the grace time are killed."""
        self._give_up_at = time.monotonic() + settings.UTASK_STOP_GRACE + LAST_CALL_SECONDS
        signal.signal(signal.SIGALRM, self._ask_to_end)
        self._ask_to_end()
        signal.setitimer(signal.ITIMER_REAL, _ASK_AGAIN_SECONDS, _ASK_AGAIN_SECONDS)
        super().stop()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ask_to_end(self, *_: Any) -> None:
        late = time.monotonic() > self._give_up_at
        for process in [*self.pool, self.pusher, self.monitor] if late else self.pool:
            # One that ends while we look is none of our concern.
            with suppress(ProcessLookupError):
                if process.is_alive():
                    os.kill(process.pid, signal.SIGKILL if late else signal.SIGTERM)


def keep_sentinel(stop_event: SharedFlag, cluster_id: Any) -> None:
    """The sentinel's process, from its first line to its last.

    One that fails ends at once: Python's own way out would wait for daemons that wait for it. The kernel tells them.
    """
    try:
        Sentinel(stop_event, SharedFlag(), cluster_id)
    except Exception:
        log.exception("sentinel failed")
        logging.shutdown()
        os._exit(1)


def _in_worker(**_: Any) -> None:
    become_worker(settings.UTASK_STOP_GRACE)
