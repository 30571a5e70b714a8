"""Celery tasks, a worker and a broker of their own, which npx starts: `python main.py`.

Needs Node; `npx leveret` takes the package from this folder or one above, or fetches it.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BROKER = ["npx", "leveret", "--port", "0", "--http-port", "0", "--workers", "1", "--transient"]
WORKER = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--concurrency", "2", "--loglevel", "INFO"]
# Seconds.
PATIENCE = 60


@contextmanager
def running(command: list[str], ready: str, end: Callable[[int, int], None]) -> Iterator[re.Match[str]]:
    """Runs a command for the block's time, from when it has said that it is ready; `end` sends a signal to it."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(ready, line):
                yield found
                break
        else:
            raise RuntimeError(f"{command[0]} has ended:\n{''.join(said)}")
    finally:
        end(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


# npx leaves alone what it has started: all of it is told. A worker ends its processes in order, and may wait for ever for
# one that was told by somebody else.
with running(BROKER, r"listening on (amqp://)(\S*:\d+)", os.killpg) as listening:
    os.environ["AMQP_URL"] = f"{listening[1]}guest:guest@{listening[2]}"
    with running(WORKER, r" ready\.", os.kill):
        from celery import chain, group
        from tasks import add, flaky

        print("added:", add.delay(2, 3).get(timeout=PATIENCE))
        print("tried again:", flaky.delay(2).get(timeout=PATIENCE))
        print("in a chain:", chain(add.s(1, 2), add.s(10), add.s(100))().get(timeout=PATIENCE))
        print("in a group:", group(add.s(n, 1) for n in range(5))().get(timeout=PATIENCE))
