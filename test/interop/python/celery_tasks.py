"""The tasks of the Celery programs, as an application would write them: its worker and its callers import this module."""

import os

from celery import Celery

app = Celery("hutch", broker=os.environ["AMQP_URL"].replace("amqp://", "pyamqp://"), backend=os.environ["CELERY_BACKEND"])
app.conf.update(
    task_default_queue=os.environ["CELERY_QUEUE"],
    # Tasks are acknowledged when they are done: what a worker takes to its grave is done by another.
    task_acks_late=True,
    worker_prefetch_multiplier=2,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    result_expires=600,
)


@app.task
def add(x, y):
    return x + y


@app.task(bind=True, max_retries=3)
def flaky(self, until):
    """Fails until its attempt number `until`."""
    if self.request.retries < until:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task(bind=True)
def requeued(self):
    """Is rejected to its queue the first time it is delivered."""
    from celery.exceptions import Reject

    if not self.request.delivery_info["redelivered"]:
        raise Reject("once more", requeue=True)
    return "redelivered"


@app.task
def total(numbers):
    return sum(numbers)
