"""The port that the service listens on."""

import errno
import socket

from app.serving.faults import StartError

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is started: callers wait in its queue until we are ready.

    Raises StartError when the port is in use, is not ours to take, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {port} on {host} is in use. Stop what uses it, or choose another with HALFTERM_PORT."
        elif error.errno == errno.EACCES:
            reason = f"Port {port} needs more rights than this user has. Choose one from 1024 on with HALFTERM_PORT."
        else:
            reason = f"The service cannot listen on {host}, port {port}: {error.strerror}. See HALFTERM_HOST."
        raise StartError(reason) from error
