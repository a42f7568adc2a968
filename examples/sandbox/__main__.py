"""`python -m examples.sandbox --port N`: starts the sandbox and runs until it is told to stop.

Owns the command line and the signals, nothing else.
"""

import argparse
import os
import signal
import sys
import threading
import time
from types import FrameType

from examples.sandbox.app import Sandbox
from examples.sandbox.server import HOST, SandboxServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m examples.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help=f"port on {HOST}; 0 takes a free one")
    parser.add_argument(
        "--clock-offset",
        type=float,
        default=float(os.environ.get("SANDBOX_CLOCK_OFFSET") or 0),
        help="seconds by which the script of trouble is moved",
    )
    parser.add_argument("--seed", type=int, default=None, help="makes latencies and ids repeatable")
    options = parser.parse_args(arguments)
    sandbox = Sandbox(seed=options.seed, clock=lambda: time.time() + options.clock_offset)
    try:
        server = SandboxServer(options.port, sandbox)
    except (OSError, OverflowError) as error:
        print(f"sandbox: port {options.port} on {HOST} can't be used ({error}); choose another --port", file=sys.stderr)
        return 1

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever, which runs in this very thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"sandbox: listening on {server.url}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
