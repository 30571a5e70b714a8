"""Celery's Flower, which watches workers by their events and queues by the HTTP API."""

import json
import os
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from celery_process import NODE, QUEUE, worker
from checks import PATIENCE, check, same

os.environ["CELERY_BACKEND"] = "rpc://"

from celery_tasks import add  # noqa: E402

API = os.environ["HTTP_URL"].replace("http://", "http://guest:guest@") + "/api/"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()


def get(path):
    with urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=PATIENCE) as answer:
        return answer.read().decode()


def until(what, look):
    """Looks again until it is so: what Flower knows comes by events."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            found = look()
            if found:
                return found
        except URLError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not in time: {what}")


def waiting():
    """How many messages wait in the worker's queue; none: Flower does not know yet which it has."""
    queues = json.loads(get("/api/queues/length"))["active_queues"]
    return [one["messages"] for one in queues if one["name"] == QUEUE]


with worker() as app:
    flower = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", "flower", "--address=127.0.0.1", f"--port={PORT}",
         f"--broker-api={API}", "--logging=warning"],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"},
    )
    try:
        with check("Flower comes up and finds the worker"):
            until("the worker", lambda: NODE in get("/api/workers?refresh=1"))
        with check("Flower tells of a task that was done"):
            result = add.delay(20, 22)
            same(result.get(timeout=PATIENCE), 42)
            task = until("the task", lambda: json.loads(get("/api/tasks")).get(result.id))
            until("its end", lambda: json.loads(get("/api/tasks"))[result.id]["state"] == "SUCCESS")
            same(task["name"], "celery_tasks.add")
        with check("Flower shows how many messages wait in the queue, as the HTTP API tells it"):
            until("the queue, empty", lambda: waiting() == [0])
            app.control.cancel_consumer(QUEUE, reply=True, timeout=PATIENCE)
            # The worker takes no more.
            for n in range(3):
                add.delay(n, n)
            until("three messages", lambda: waiting() == [3])
        with check("Flower's page of the broker has the queue"):
            until("the queue", lambda: QUEUE in get("/broker"))
            app.control.purge()
    finally:
        flower.terminate()
        flower.wait(timeout=PATIENCE)
