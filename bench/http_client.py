"""A load generator on raw asyncio: prepared request bytes in, status, latency and body out. In a process of its own."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer."""

    seconds: float
    status: int
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Load:
    """A burst of requests: how long it took in all, and each answer in the order of the requests."""

    seconds: float
    answers: list[Answered]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.answers) / self.seconds


def request(method: str, path: str, token: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; header names with `_` for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class LoadProcess:
    """The process that sends, so that making load costs the measuring process nothing."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def send(self, port: int, requests: Sequence[bytes], clients: int, *, keep_bodies: bool = False) -> Load:
        """Send every request over `clients` connections, each one request at a time. Raises on a broken connection."""
        return self._pool.submit(_send, port, list(requests), clients, keep_bodies).result()

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


def _send(port: int, requests: list[bytes], clients: int, keep_bodies: bool) -> Load:
    return uvloop.run(_send_all(port, requests, clients, keep_bodies))


async def _send_all(port: int, requests: list[bytes], clients: int, keep_bodies: bool) -> Load:
    answers: list[Answered | None] = [None] * len(requests)
    queue = iter(enumerate(requests))
    streams = [await asyncio.open_connection("127.0.0.1", port, limit=1 << 20) for _ in range(clients)]

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, content in queue:
            began = time.perf_counter()
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            length, etag = 0, ""
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"etag":
                    etag = value.strip().decode()
            body = await reader.readexactly(length) if length and status != 304 else b""
            seconds = time.perf_counter() - began
            answers[number] = Answered(seconds, status, etag, body if keep_bodies or status >= 400 else b"")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(reader, writer) for reader, writer in streams))
    return Load(time.perf_counter() - began, [answer for answer in answers if answer is not None])
