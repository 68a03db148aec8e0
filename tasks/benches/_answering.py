"""An HTTP server on loopback that takes its time to answer: in a process of its own, for as many at once as come."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from django.db import connections

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


def _serve(pause: float, told: Connection) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(pause)
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def answering(pause: float) -> Iterator[int]:
    """The port of a server that answers each request after ``pause`` seconds."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    told, tell = fork.Pipe(duplex=False)
    process = fork.Process(target=_serve, args=(pause, tell), daemon=True)
    process.start()
    try:
        yield told.recv()
    finally:
        process.terminate()
        process.join(5)
