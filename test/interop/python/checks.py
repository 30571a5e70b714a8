"""What the Python programs share: where the broker is, and how a check reports.

A program ends at its first failed check, non-zero and with the reason; what passed before stands above it.
"""

import os
import sys
import traceback
from contextlib import contextmanager
from uuid import uuid4

URL = os.environ["AMQP_URL"]
# A broker with little memory, to fill up; none when the broker under test is not Leveret.
SMALL_URL = os.environ.get("AMQP_SMALL_URL")
PATIENCE = 15.0


@contextmanager
def check(what):
    """Says that `what` holds when the block ends, or ends the program."""
    try:
        yield
    except BaseException:
        print(f"FAILED {what}", flush=True)
        traceback.print_exc()
        sys.stderr.flush()
        # At once: what the client left open must not wait for answers.
        os._exit(1)
    print(f"ok {what}", flush=True)


def same(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def unique(prefix):
    """A name that no other run uses."""
    return f"{prefix}-{uuid4().hex[:12]}"
