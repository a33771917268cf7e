"""Why the service does not start."""


class StartError(Exception):
    """The service or a command cannot go on; the message says why, and what to do, in plain words."""
