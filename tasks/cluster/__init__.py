"""django-q2's processes, made to survive a kill of any of them.

The stock cluster's processes share semaphores, which die with whoever holds them. Here they share none: messages travel
through sockets (``queues.py``), flags through bytes of shared memory (``shared.py``), and the kernel tells a process
that its parent is gone (``signals.py``). Start reading at ``sentinel.py``; ``supervisor.py`` is what ``manage.py up``
runs. What a resident runner needs of all this is one thing: ``stopping``, which says that it has to end.
"""

from tasks.cluster.stopping import stopping

__all__ = ["stopping"]
