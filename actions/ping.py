"""ICMP echo statistics. Source: docs/actions.md, "ping"."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import Any

from actions import Action, Context, Result, ServerError, Stopped, field
from actions._icmp import Echoes, NotPermitted, Plan, ping


class Ping(Action):
    """Sends ICMP echo requests and tells how long the replies took."""

    name, version = "ping", "0.1"
    metadata_schema = {
        "type": "object",
        "properties": {
            "hostname": {"type": "string", "description": "As configured."},
            "count": {"type": "string", "description": "As configured."},
            "interval_second": {"type": "string", "description": "As configured."},
        },
        "additionalProperties": True,
    }

    class Config:
        hostname: str = field(min_length=1, help="Host or address.")
        count: int | None = field(default=None, kind="number_text", literal=True, le=10_000, help="Packets; `0`: one.")
        interval_second: int | None = field(
            default=None, kind="number_text", literal=True, le=3_600, help="Seconds between packets; `0`: one."
        )
        timeout: timedelta = field(
            default="5s", at_load="warning", ge=timedelta(0), help="How long to wait for replies after the last packet."
        )
        max_loss: int = field(
            default=100, kind="number_text", at_load="warning", le=100, help="Percent of packets that may be lost."
        )

    def resources(self, cfg: Config) -> list[str]:
        return ["socket", f"url:{cfg.hostname}"]

    def run(self, cfg: Config, ctx: Context) -> Result:
        metadata = {"hostname": cfg.hostname}
        metadata |= {
            name: str(value) for name in ("count", "interval_second") if (value := getattr(cfg, name)) is not None
        }
        left = ctx.seconds_left()
        plan = Plan(cfg.count or 1, cfg.interval_second or 1, cfg.timeout.total_seconds())
        try:
            echoes = ping(cfg.hostname, plan, None if left is None else time.monotonic() + left, ctx.cancelled)
        except NotPermitted as error:
            raise ServerError(str(error), metadata=metadata) from error
        except OSError as error:
            said = f"{cfg.hostname} cannot be pinged: {error.strerror or error}."
            raise ServerError(said, metadata=metadata) from error
        output = statistics(echoes)
        if ctx.cancelled.is_set() and len(echoes.round_trips) < plan.count:
            raise Stopped("stopped", output=output, metadata=metadata)
        if output["packet_loss"] > cfg.max_loss:
            lost = f"{output['packet_loss']:g} % of the packets were lost, {cfg.max_loss} % are tolerated"
            raise ServerError(lost, output=output, metadata=metadata)
        return Result(output, metadata)


def statistics(echoes: Echoes) -> dict[str, Any]:
    """The output: spans are whole nanoseconds, loss is in percent, 0 when nothing was sent."""
    times, received = echoes.round_trips, len(echoes.round_trips)
    average = sum(times) // received if times else 0
    deviation = math.isqrt(sum((span - average) ** 2 for span in times) // received) if times else 0
    return {
        "packets_received": received,
        "packets_sent": echoes.sent,
        "packet_loss": 100 * (echoes.sent - received) / echoes.sent if echoes.sent else 0.0,
        "ip_addr": echoes.address,
        "rtts": times,
        "min_rtt": min(times, default=0),
        "max_rtt": max(times, default=0),
        "avg_rtt": average,
        "std_dev_rtt": deviation,
    }
