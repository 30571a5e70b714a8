"""pika's SelectConnection: everything by callbacks, one event loop."""

import pika

from checks import PATIENCE, SMALL_URL, URL, check, same, unique

MESSAGES = 2_000
LATER = pika.BasicProperties(headers={"x-delay": 3_600_000})


class Story:
    """One connection's life. `on_channel` starts it, `done` ends its loop."""

    def __init__(self, url):
        self.failure = "nothing happened"
        self.connection = pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self.on_channel),
            on_open_error_callback=lambda _, error: self.end(repr(error)),
            on_close_callback=lambda connection, reason: self.on_closed(reason),
        )

    def run(self):
        loop = self.connection.ioloop
        loop.call_later(PATIENCE, lambda: self.end("it took too long"))
        loop.start()
        if self.failure is not None:
            raise AssertionError(self.failure)

    def end(self, failure=None):
        self.failure = failure
        self.connection.ioloop.stop()

    def done(self):
        """Closes the connection; the loop ends when the broker has agreed."""
        self.failure = None
        self.connection.close()

    def on_closed(self, reason):
        self.connection.ioloop.stop()

    def on_channel(self, channel):
        raise NotImplementedError


class Stream(Story):
    """Publishes and consumes at once on one channel, confirms counted, a prefetch of 100."""

    def on_channel(self, channel):
        self.channel, self.confirmed, self.received, self.closing = channel, 0, [], False
        self.queue = unique("pika-select")
        channel.basic_qos(prefetch_count=100, callback=lambda _: channel.queue_declare(self.queue, callback=self.on_declared))

    def on_declared(self, _):
        self.channel.confirm_delivery(ack_nack_callback=self.on_confirm, callback=self.on_confirms_on)

    def on_confirms_on(self, _):
        self.channel.basic_consume(self.queue, self.on_message)
        for number in range(MESSAGES):
            self.channel.basic_publish("", self.queue, b"%d" % number)

    def on_confirm(self, frame):
        if not isinstance(frame.method, pika.spec.Basic.Ack):
            self.end(f"{frame.method} instead of an ack")
        self.confirmed = frame.method.delivery_tag if frame.method.multiple else self.confirmed + 1
        self.finish()

    def on_message(self, channel, delivery, _, body):
        self.received.append(int(body))
        if len(self.received) % 50 == 0:
            channel.basic_ack(delivery.delivery_tag, multiple=True)
        self.finish()

    def finish(self):
        if not self.closing and self.confirmed == MESSAGES and len(self.received) == MESSAGES:
            self.closing = True
            self.channel.queue_delete(self.queue, callback=lambda _: self.done())


class Cancelled(Story):
    """Another channel deletes the queue under a consumer."""

    def on_channel(self, channel):
        self.queue = unique("pika-select")
        channel.add_on_cancel_callback(lambda frame: self.done())
        channel.queue_declare(self.queue, callback=lambda _: channel.basic_consume(self.queue, print, callback=self.on_consuming))

    def on_consuming(self, _):
        self.connection.channel(on_open_callback=lambda second: second.queue_delete(self.queue))


class Refused(Story):
    """A publish to nowhere closes the channel, and the connection goes on."""

    def on_channel(self, channel):
        channel.add_on_close_callback(self.on_channel_closed)
        channel.basic_publish("pika-nowhere", "key", b"lost")

    def on_channel_closed(self, _, reason):
        self.reason = (reason.reply_code, reason.reply_text)
        self.connection.channel(on_open_callback=lambda _: self.done())


class Ended(Story):
    """The broker closes the connection and says why."""

    def on_channel(self, channel):
        channel.basic_recover(requeue=False)

    def on_closed(self, reason):
        self.reason = (reason.reply_code, reason.reply_text)
        self.end()


class Blocked(Story):
    """
    Fills a small broker with what an exchange holds back, which stays in memory, until it says that it takes no more; the exchange is deleted from another
    connection, and this one is let go on.
    """

    def on_channel(self, channel):
        self.exchange, self.channel, self.blocked = unique("pika-full"), channel, False
        self.connection.add_on_connection_blocked_callback(self.on_blocked)
        self.connection.add_on_connection_unblocked_callback(self.on_unblocked)
        channel.exchange_declare(
            self.exchange,
            exchange_type="x-delayed-message",
            arguments={"x-delayed-type": "fanout"},
            callback=lambda _: channel.exchange_bind(self.exchange, "amq.fanout", callback=lambda _: self.fill()),
        )

    def fill(self):
        if not self.blocked:
            for _ in range(16):
                self.channel.basic_publish("amq.fanout", "", bytes(65_536), LATER)
            self.connection.ioloop.call_later(0, self.fill)

    def on_blocked(self, _, frame):
        if not self.blocked:
            self.blocked, self.reason = True, frame.method.reason
            with pika.BlockingConnection(pika.URLParameters(SMALL_URL)) as other:
                other.channel().exchange_delete(self.exchange)

    def on_unblocked(self, *_):
        self.done()


with check(f"streams {MESSAGES} messages both ways on one channel, in order and confirmed"):
    stream = Stream(URL)
    stream.run()
    same(stream.received, list(range(MESSAGES)))

with check("hears of its queue's deletion: a consumer is cancelled"):
    Cancelled(URL).run()

with check("is told of what does not exist: 404, and goes on with another channel"):
    refused = Refused(URL)
    refused.run()
    same(refused.reason, (404, "NOT_FOUND - no exchange 'pika-nowhere' in vhost '/'"))

with check("is told why its connection is closed: 540"):
    ended = Ended(URL)
    ended.run()
    same(ended.reason, (540, "NOT_IMPLEMENTED - requeue=false"))

if SMALL_URL:
    with check("is blocked by a full broker, and unblocked when there is room"):
        full = Blocked(SMALL_URL)
        full.run()
        same(full.reason, "low on memory")
