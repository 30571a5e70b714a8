"""A small host of the core: one connection, named queues with a channel each, and routes to them."""

import math
import struct
from dataclasses import dataclass

from core import Core
from frames import Frames, Message

# The channel that publishes; those of the queues come behind it.
PUBLISHER = 1
# As much as one call may do.
WORK = 100_000


@dataclass
class Queue:
    address: int
    number: int
    channel: int
    dead_letters: str
    consumer: int = 0


class Host:
    """Each step of a scenario is one call of `step`, which returns what came of it."""

    def __init__(self, core: Core):
        self._core = core
        self._frames = Frames(core)
        self._queues: dict[str, Queue] = {}
        self._routes: dict[str, list[int]] = {}
        self._published = 0
        self._connection = core.call("openConnection", 0, 0)
        core.call("setFrameMax", self._connection, core.number("FRAME_MAX"))
        core.call("openChannel", self._connection, PUBLISHER)
        self._steps = {
            "queue": self._declare,
            "route": self._route,
            "publish": self._publish_many,
            "consume": self._consume,
            "cancel": lambda name: core.call("cancelConsumer", self._queues[name].consumer),
            "get": lambda name: core.call("getMessage", self._queues[name].channel, self._queues[name].address, 0),
            "ack": lambda name, tag: self._settle(name, tag, False, "SETTLE_DONE"),
            "ack-all": lambda name, tag: self._settle(name, tag, True, "SETTLE_DONE"),
            "requeue": lambda name, tag: self._settle(name, tag, False, "SETTLE_REQUEUE"),
            "reject": lambda name, tag: self._settle(name, tag, False, "SETTLE_REJECT"),
            "recover": lambda name: core.call("recover", self._queues[name].channel),
            "purge": lambda name: core.call("purge", self._queues[name].address, 0xFFFFFFFF),
            "time": self._advance,
        }

    def step(self, line: str) -> str:
        name, *given = line.split(" ")
        self._steps[name](*given)
        read = self._turn()
        delivered = []
        left = []
        for name, queue in self._queues.items():
            here = [_text(message) for message in read if message.channel == queue.number]
            if here:
                delivered.append(f"{name} {' '.join(here)}")
            ready = self._core.call("readyCount", queue.address)
            left.append(f"{ready}+{self._core.call('unackedCount', queue.channel)}")
        return f"{', '.join(delivered)} | {' '.join(left)}"

    def _declare(self, name: str, ttl: str, max_length: str, delivery_limit: str, dead_letters: str) -> None:
        core = self._core
        number = PUBLISHER + 1 + len(self._queues)
        channel = core.call("openChannel", self._connection, number)
        queue = Queue(core.call("createQueue"), number, channel, dead_letters)
        self._queues[name] = queue
        features = {
            "TTL": _limit(ttl),
            "MAX_LENGTH": _limit(max_length),
            "MAX_BYTES": math.inf,
            "DELIVERY_LIMIT": _limit(delivery_limit),
            "OVERFLOW": core.number("OVERFLOW_DROP_HEAD"),
            "DEAD_LETTERS": dead_letters != "-",
            "DELIVERY_COUNT": 0,
            "MAX_PRIORITY": 0,
        }
        for feature, value in features.items():
            core.write(core.scratch + core.number(f"FEATURES_{feature}"), struct.pack("<d", value))
        core.call("setFeatures", queue.address)
        # What keys lead to may have changed: every participant forgets the routes that it knew.
        core.call("applyTopology", core.call("raiseTopology"))

    def _route(self, key: str, *names: str) -> None:
        self._routes[key] = [self._queues[name].address for name in names]

    def _publish_many(self, key: str, count: str, size: str) -> None:
        for _ in range(int(count)):
            self._published += 1
            self._publish(key, str(self._published).encode().ljust(int(size), b"."))

    def _publish(self, key: str, body: bytes) -> None:
        """Brings a message in as its client sends it."""
        core = self._core
        rest = self._frames.publish(PUBLISHER, key, body)
        while rest:
            part = rest[: core.read_length]
            core.write(core.read_at, part)
            stop = core.call("ingest", self._connection, core.read_at, len(part), WORK)
            rest = rest[core.result("RESULT_CONSUMED") :]
            if stop == core.number("STOP_ROUTE"):
                # A key that the core does not know, or does not know any more.
                queues = self._routes.get(key, [])
                core.write(core.scratch, struct.pack(f"<{len(queues)}I", *queues))
                core.call("installRoute", self._connection, len(queues), 0, 0)
            elif stop != core.number("STOP_END"):
                raise RuntimeError(f"a read stopped for {stop}")

    def _consume(self, name: str, prefetch: str) -> None:
        queue = self._queues[name]
        tag = name.encode()
        self._core.write(self._core.scratch, tag)
        queue.consumer = self._core.call(
            "addConsumer", queue.channel, queue.address, len(tag), 0, int(prefetch), 0
        )

    def _settle(self, name: str, tag: str, multiple: bool, how: str) -> None:
        channel = self._queues[name].channel
        if not self._core.call("settleDelivery", channel, float(tag), int(multiple), self._core.number(how)):
            raise ValueError(f"{name} has not delivered {tag}")

    def _advance(self, now: str) -> None:
        self._core.call("setTime", float(now), 0.0)
        while self._core.call("sweep"):
            pass

    def _turn(self) -> list[Message]:
        """What a host does in each turn, until nothing is left to do. Returns what the client has read."""
        core = self._core
        read: list[Message] = []
        more = True
        while more:
            passed = self._pass_dead_letters()
            more = bool(core.call("serve")) or passed
            while core.call("nextOutput") != 0xFFFFFFFF:
                octets = core.read(core.result("RESULT_OUTPUT_OFFSET"), core.result("RESULT_OUTPUT_LENGTH"))
                read.extend(self._frames.messages(octets))
                # As soon as the octets are out of the core's memory it may use it again.
                core.call("written", self._connection, core.result("RESULT_OUTPUT_BOX"))
                more = True
        return read

    def _pass_dead_letters(self) -> bool:
        """Sends on what died in a queue with dead letters. True: there were some."""
        core = self._core
        passed = False
        while message := core.call("nextDead"):
            queue = next(one for one in self._queues.values() if one.address == core.result("RESULT_DEAD_QUEUE"))
            self._republish(message, self._queues[queue.dead_letters].address)
            core.call("settleDead")
            passed = True
        return passed

    def _republish(self, message: int, queue: int) -> None:
        """A copy under the same key and with the same properties, for another queue."""
        core = self._core
        key = core.read(core.call("messageKeyOffset", message), core.call("messageKeyLength", message))
        header = core.read(core.call("messageHeaderOffset", message), core.call("messageHeaderLength", message))
        copy = core.call("beginCopy", message, len(key), len(header), 1)
        if not copy:
            raise MemoryError("no memory for a dead letter")
        core.write(core.call("messageKeyOffset", copy), key)
        core.write(core.call("messageHeaderOffset", copy), header)
        core.call("endCopy", copy)
        core.write(core.scratch, struct.pack("<I", queue))
        core.call("publishTo", copy, 1)
        core.call("releaseMessage", copy)


def _limit(text: str) -> float:
    return math.inf if text == "-" else float(text)


def _text(message: Message) -> str:
    """How a delivery stands in an outcome: its tag, the number of its message, and whether it came before."""
    number = message.body[:12].decode().rstrip(".")
    return f"{message.tag}:{number}{'r' if message.redelivered else ''}"
