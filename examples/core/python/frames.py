"""AMQP frames that a host of the core meets: basic.publish on its way in, and deliveries on their way out."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from core import Core


class Message(NamedTuple):
    channel: int
    tag: int
    redelivered: bool
    body: bytes


class Frames:
    """The numbers of the protocol are those of the core."""

    def __init__(self, core: Core):
        self._head = core.number("FRAME_HEAD")
        self._overhead = core.number("FRAME_OVERHEAD")
        self._end = core.number("FRAME_END")
        self._method = core.number("FRAME_METHOD")
        self._header = core.number("FRAME_HEADER")
        self._body = core.number("FRAME_BODY")
        self._body_max = core.number("FRAME_BODY_MAX")
        self._class = core.number("HEADER_CLASS")
        self._publish = core.number("METHOD_PUBLISH")
        self._deliver = core.number("METHOD_DELIVER")

    def publish(self, channel: int, key: str, body: bytes) -> bytes:
        """To the default exchange, without properties."""
        name = key.encode()
        method = struct.pack(">IHBB", self._publish, 0, 0, len(name)) + name + b"\0"
        header = struct.pack(">IQH", self._class, len(body), 0)
        parts = [self._frame(self._method, channel, method), self._frame(self._header, channel, header)]
        for at in range(0, len(body), self._body_max):
            parts.append(self._frame(self._body, channel, body[at : at + self._body_max]))
        return b"".join(parts)

    def _frame(self, kind: int, channel: int, payload: bytes) -> bytes:
        return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([self._end])

    def messages(self, octets: bytes) -> Iterator[Message]:
        """What a client reads: basic.deliver and basic.get-ok with their content."""
        at = 0
        tag, redelivered, left, body = 0, False, 0, b""
        while at < len(octets):
            kind, channel, length = struct.unpack_from(">BHI", octets, at)
            payload = octets[at + self._head : at + self._head + length]
            at += length + self._overhead
            if kind == self._method:
                tag, redelivered = self._delivered(payload)
                body = b""
                continue
            if kind == self._header:
                (left,) = struct.unpack_from(">Q", payload, 4)
            else:
                body += payload
                left -= length
            if left == 0:
                yield Message(channel, tag, redelivered, body)

    def _delivered(self, payload: bytes) -> tuple[int, bool]:
        (method,) = struct.unpack_from(">I", payload)
        # A delivery names its consumer first.
        at = 5 + payload[4] if method == self._deliver else 4
        return struct.unpack_from(">Q?", payload, at)
