"""Celery with results by messages: retries, rejections, chains, groups, remote control."""

import os

from celery_process import NODE, worker
from checks import PATIENCE, check, same

os.environ["CELERY_BACKEND"] = "rpc://"

from celery import chain, group  # noqa: E402
from celery_tasks import add, flaky, requeued  # noqa: E402

with worker() as app:
    with check("a task is done and its result comes back"):
        same(add.delay(2, 3).get(timeout=PATIENCE), 5)

    with check("many tasks are all done"):
        results = [add.delay(n, n) for n in range(200)]
        same([result.get(timeout=PATIENCE) for result in results], [2 * n for n in range(200)])

    with check("a failed task is tried again"):
        same(flaky.delay(2).get(timeout=PATIENCE), 2)

    with check("a task with a countdown waits in the worker, unacknowledged"):
        same(add.apply_async((1, 1), countdown=0.5).get(timeout=PATIENCE), 2)

    with check("a rejected task is redelivered"):
        same(requeued.delay().get(timeout=PATIENCE), "redelivered")

    with check("a chain hands results on"):
        same(chain(add.s(1, 2), add.s(10), add.s(100))().get(timeout=PATIENCE), 113)

    with check("a group gathers results"):
        same(group(add.s(n, 1) for n in range(10))().get(timeout=PATIENCE), list(range(1, 11)))

    with check("remote control reaches the worker, by fanout and reply queue"):
        replies = app.control.inspect(timeout=3, destination=[NODE]).ping()
        same(replies, {NODE: {"ok": "pong"}})
