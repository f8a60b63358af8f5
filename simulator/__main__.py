"""`python -m simulator`: reads the command line and serves until told to stop."""

import argparse
import signal
import sys
import threading

from simulator.server import NotLoopback, Simulator


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="simulator", description="A stand-in for Experience Platform.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback only")
    parser.add_argument("--port", type=int, default=9900)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--audiences", type=int, default=120)
    parser.add_argument("--dataflows", type=int, default=12)
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every platform answer")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGINT or SIGTERM; a busy port or a public host is one line and status 2."""
    given = arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        simulator = Simulator(**vars(given))
    except NotLoopback as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as problem:
        print(
            f"The simulator cannot listen on {given.host}:{given.port}: {problem.strerror}", file=sys.stderr
        )
        return 2
    with simulator:
        print(f"simulator listening on {simulator.url}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
