"""Ties a process to its parent: on Linux it is killed when the parent dies, however that happens.

Run as a script it ties itself, then becomes the command it was given: `tether.py PARENT_PID COMMAND…`.
A launcher instead of `preexec_fn`, which is unsafe in a process with threads. macOS has no such request:
there a `kill -9` of the supervisor leaves its children, and the next start names the busy port.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int, death: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send `death` to this process when `parent` ends; at once if it has ended already."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
    # The parent may have died before the request was made; then nobody would ever tell us.
    if os.getppid() != parent:
        os.kill(os.getpid(), death)


def tethered(command: list[str]) -> list[str]:
    """The same command, started so that it dies with this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command is ours, and a shell is not wanted
