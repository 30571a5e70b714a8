"""Celery with results in files, because chords do not go with results by messages."""

import os
import tempfile

from celery_process import worker
from checks import PATIENCE, check, same

with tempfile.TemporaryDirectory() as results:
    os.environ["CELERY_BACKEND"] = f"file://{results}"

    from celery import chord
    from celery_tasks import add, total

    with worker():
        with check("a chord calls back with all results"):
            same(chord([add.s(n, n) for n in range(10)], total.s())().get(timeout=PATIENCE), 90)
