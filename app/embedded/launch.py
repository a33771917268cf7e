"""Becomes a PostgreSQL program that cannot outlive the application.

Run as a script, by path, in a fresh interpreter: `launch.py PARENT SIGNAL USER GROUP TIE PROGRAM [ARGUMENT ...]`, with
`-` for the user and group of a program that keeps those of the application. A separate interpreter instead of
`preexec_fn`, because Python code between fork and exec can deadlock in a program with threads. It ends in `exec`, so
the process id that the application holds is the program's own.

With the tie `kernel`, Linux sends SIGNAL when the parent goes (PR_SET_PDEATHSIG). With `pipe`, for other systems,
standard input is a pipe that only the application can write to: a watcher waits for its end, which comes however the
application dies.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def drop_privileges(user: int, group: int) -> None:
    """Become an ordinary user for good. PostgreSQL refuses to run as root."""
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def die_with_parent(parent: int, signal_number: int) -> None:
    """Ask the kernel for `signal_number` when the parent goes. Must follow `drop_privileges`, which would clear it.

    Raises:
        OSError: the kernel refused.
        SystemExit: the parent had gone before the kernel was asked.

    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        raise SystemExit("The application ended before its database started.")


def watch_standard_input(signal_number: int) -> None:
    """Leave a watcher behind that sends this process `signal_number` when its standard input ends.

    The watcher is a child of the process it guards, so "still my parent" tells it that the process id was not reused.
    """
    guarded = os.getpid()
    nothing = os.open(os.devnull, os.O_RDWR)
    if os.fork():
        os.dup2(nothing, 0)
        return
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    while os.read(0, 1):
        pass
    if os.getppid() == guarded:
        os.kill(guarded, signal_number)
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Tie this process to its parent and become the program. Does not return."""
    parent, signal_number, user, group, tie, *command = arguments
    if user != "-":
        drop_privileges(int(user), int(group))
    if tie == "kernel":
        die_with_parent(int(parent), int(signal_number))
    else:
        watch_standard_input(int(signal_number))
    os.execv(command[0], command)  # noqa: S606  # nosec B606  (no shell is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
