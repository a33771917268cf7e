"""The server processes. With several workers this process only supervises them, and they end when it ends."""

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.embedded.launch import PR_SET_PDEATHSIG
from app.settings import Settings, get_settings

GRACEFUL_SECONDS = 3
# Longer than portals poll, so that a poll finds its connection open.
KEEP_ALIVE_SECONDS = 75
_WATCH_SECONDS = 0.5
_KERNEL_TELLS: bool = sys.platform.startswith("linux")


def application() -> FastAPI:
    """The application of one server process, from the environment."""
    from app.main import create_app

    if (parent := multiprocessing.parent_process()) is not None and parent.pid is not None:
        end_with(parent.pid)
    made = create_app(get_settings())
    # Half a million objects that live as long as the process: looked through for garbage, they hold up every request
    # for a tenth of a second whenever many others have been made.
    gc.collect()
    gc.freeze()
    return made


def serve_until_told(settings: Settings, listener: socket.socket) -> int:
    """Serve on a listening socket until SIGTERM or SIGINT; the exit status.

    The environment must hold the settings: every process reads them from there.
    """
    config = uvicorn.Config(
        "app.serving.processes:application",
        factory=True,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        workers=settings.workers,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    if settings.workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
        return 0
    supervisor = Multiprocess(config, sockets=[listener])
    supervisor.run()
    return 1 if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes) else 0


def end_with(parent: int) -> None:
    """Have this process told to end (SIGTERM) when its parent is gone, even by kill -9."""
    if _KERNEL_TELLS:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            signal.raise_signal(signal.SIGTERM)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
