"""The tasks, as an application writes them: the worker and its callers import this module."""

import os

from celery import Celery, Task

app = Celery("kitchen", broker=os.environ["AMQP_URL"], backend="rpc://")
app.conf.update(
    # What a worker takes to its grave is done by another.
    task_acks_late=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
)


@app.task
def add(x: int, y: int) -> int:
    return x + y


@app.task(bind=True, max_retries=3)
def flaky(self: Task, until: int) -> int:
    """Fails until its attempt number `until`."""
    if self.request.retries < until:
        raise self.retry(countdown=0)
    return self.request.retries
