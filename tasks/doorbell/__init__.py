"""The doorbell: whoever changes what others wait for rings, whoever waits listens.

``ring(*topics)`` after a change; ``Bell(*families)`` to hear it. A ring is a hint, never the work: the truth is in the
rows, and a slow look behind every bell finds what a lost ring was about. It travels by LISTEN/NOTIFY on PostgreSQL
(``notify.py``), by datagrams between the processes of one machine on SQLite (``datagram.py``).
Source: docs/architecture.md, "Low latency".
"""

from tasks.doorbell.bell import Bell
from tasks.doorbell.ringing import ring
from tasks.doorbell.topics import JOB, NEWS, ORDERS, RUNNABLE

__all__ = ["JOB", "NEWS", "ORDERS", "RUNNABLE", "Bell", "ring"]
