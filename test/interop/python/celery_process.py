"""A Celery worker in a process of its own, with remote control and events on.

Import it before celery_tasks: it names the queue of this run.
"""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from checks import PATIENCE, check, same, unique

QUEUE = os.environ["CELERY_QUEUE"] = unique("celery")
NODE = f"{QUEUE}@localhost"


@contextmanager
def worker():
    """Runs a worker for the block's time; it must end by itself when it is asked to."""
    from celery_tasks import app

    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "INFO",
         "--task-events", "--hostname", NODE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "C_FORCE_ROOT": "1"},
        # In the program's own process group: who runs the program ends all of it, whatever happens here.
    )
    try:
        with check("a worker comes up"):
            log = []
            for line in process.stdout:
                log.append(line)
                if " ready." in line:
                    break
            else:
                raise AssertionError("the worker ended:\n" + "".join(log))
        yield app
        with check("the queue is empty and the worker ends when it is asked to"):
            same(app.control.purge(), 0)
            os.kill(process.pid, signal.SIGTERM)
            process.stdout.read()
            same(process.wait(timeout=PATIENCE), 0)
            with app.connection_for_write() as connection:
                connection.default_channel.queue_delete(QUEUE)
                connection.default_channel.exchange_delete(QUEUE)
    finally:
        if process.poll() is None:
            process.kill()
