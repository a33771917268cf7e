"""An ASGI application that does nothing."""

from typing import Any


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 304 to everything (200 to the health check of the harness)."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    status = 200 if scope["path"].startswith("/health") else 304
    await send({"type": "http.response.start", "status": status, "headers": [(b"etag", b'W/"0"')]})
    await send({"type": "http.response.body", "body": b""})
