"""pika's BlockingConnection: the way most Python programs talk to a broker."""

import pika
from pika.exceptions import ChannelClosedByBroker, ConnectionClosedByBroker, UnroutableError

from checks import PATIENCE, URL, check, same, unique

DURABLE = pika.BasicProperties(delivery_mode=2, content_type="text/plain", headers={"n": 1, "deep": {"list": [1, "b", None]}})


def take(channel, queue):
    """The next message, by get, waiting for it to arrive."""
    method, properties, body = next(channel.consume(queue, inactivity_timeout=PATIENCE))
    channel.cancel()
    if method is None:
        raise AssertionError(f"nothing came from {queue}")
    return method, properties, body


def closed_with(code, text, action, error=ChannelClosedByBroker):
    """The broker answers `action` by closing with exactly this code and text."""
    try:
        action()
    except error as closed:
        same((closed.reply_code, closed.reply_text), (code, text))
        return
    raise AssertionError(f"no {code} came")


connection = pika.BlockingConnection(pika.URLParameters(URL))
exchange, queue = unique("pika-exchange"), unique("pika-queue")

with check("declares an exchange, a queue and a binding"):
    channel = connection.channel()
    channel.exchange_declare(exchange, "topic", durable=True)
    declared = channel.queue_declare(queue, durable=True, arguments={"x-message-ttl": 600_000, "x-expires": 600_000}).method
    same((declared.queue, declared.message_count, declared.consumer_count), (queue, 0, 0))
    channel.queue_bind(queue, exchange, "stock.#")

with check("publishes with confirms"):
    channel.confirm_delivery()
    for number in range(10):
        channel.basic_publish(exchange, "stock.nyse", f"price {number}".encode(), DURABLE, mandatory=True)
    same(channel.queue_declare(queue, passive=True).method.message_count, 10)

with check("gets an unroutable mandatory message back: 312"):
    try:
        channel.basic_publish(exchange, "weather", b"nobody asked", mandatory=True)
    except UnroutableError as unroutable:
        (returned,) = unroutable.messages
        same((returned.method.reply_code, returned.method.reply_text, returned.body), (312, "NO_ROUTE", b"nobody asked"))
    else:
        raise AssertionError("it was not returned")

with check("gets messages in order, with their properties, and how many are left"):
    method, properties, body = channel.basic_get(queue)
    same((method.message_count, method.redelivered, method.routing_key, body), (9, False, "stock.nyse", b"price 0"))
    same((properties.delivery_mode, properties.content_type, properties.headers), (2, "text/plain", DURABLE.headers))
    channel.basic_ack(method.delivery_tag)

with check("has a nacked message back in its place, redelivered"):
    method, _, body = channel.basic_get(queue)
    channel.basic_nack(method.delivery_tag, requeue=True)
    method, _, again = channel.basic_get(queue)
    same((method.redelivered, again), (True, body))
    channel.basic_reject(method.delivery_tag, requeue=False)

with check("consumes with a prefetch of 3 and acknowledges by hand"):
    consumer = connection.channel()
    consumer.basic_qos(prefetch_count=3)
    tags, bodies = [], []

    def on_message(_, delivery, __, payload):
        tags.append(delivery.delivery_tag)
        bodies.append(payload)

    tag = consumer.basic_consume(queue, on_message)
    while len(tags) < 3:
        connection.process_data_events(time_limit=PATIENCE)
    # An answer on the same channel proves that nothing more was on its way.
    same(consumer.queue_declare(queue, passive=True).method.message_count, 5)
    connection.process_data_events(time_limit=0)
    same(bodies, [b"price 2", b"price 3", b"price 4"])
    consumer.basic_ack(tags[-1], multiple=True)
    while len(tags) < 6:
        connection.process_data_events(time_limit=PATIENCE)
    consumer.basic_ack(tags[-1], multiple=True)
    while len(tags) < 8:
        connection.process_data_events(time_limit=PATIENCE)
    consumer.basic_ack(tags[-1], multiple=True)
    consumer.basic_cancel(tag)
    same(bodies[-1], b"price 9")

with check("binds exchanges to exchanges"):
    upstream = unique("pika-upstream")
    channel.exchange_declare(upstream, "fanout", auto_delete=True)
    channel.exchange_bind(exchange, upstream, "ignored")
    channel.basic_publish(upstream, "stock.tokyo", b"from upstream", mandatory=True)
    delivery, _, body = take(channel, queue)
    same((delivery.exchange, delivery.routing_key, body), (upstream, "stock.tokyo", b"from upstream"))
    channel.basic_ack(delivery.delivery_tag)
    channel.exchange_unbind(exchange, upstream, "ignored")
    # The last binding is gone, and so is the auto-delete exchange.
    closed_with(
        404,
        f"NOT_FOUND - no exchange '{upstream}' in vhost '/'",
        lambda: connection.channel().exchange_declare(upstream, passive=True),
    )

with check("answers a request by its reply-to"):
    requests, replies = unique("pika-requests"), connection.channel()
    server = connection.channel()
    server.queue_declare(requests, auto_delete=True)

    def serve(served, request, properties, payload):
        answer = pika.BasicProperties(correlation_id=properties.correlation_id)
        served.basic_publish("", properties.reply_to, payload.upper(), answer)
        served.basic_ack(request.delivery_tag)

    server.basic_consume(requests, serve)
    reply_queue = replies.queue_declare("", exclusive=True).method.queue
    if not reply_queue.startswith("amq.gen-"):
        raise AssertionError(f"a generated name, not {reply_queue}")
    asked = pika.BasicProperties(reply_to=reply_queue, correlation_id="42")
    replies.basic_publish("", requests, b"shout", asked)
    _, properties, body = take(replies, reply_queue)
    same((properties.correlation_id, body), ("42", b"SHOUT"))

with check("hears of its queue's deletion: a consumer is cancelled"):
    doomed, cancelled = unique("pika-doomed"), []
    watcher = connection.channel()
    watcher.queue_declare(doomed)
    watcher.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
    tag = watcher.basic_consume(doomed, on_message)
    channel.queue_delete(doomed)
    while not cancelled:
        connection.process_data_events(time_limit=PATIENCE)
    same(cancelled, [tag])

with check("is told of what does not exist: 404"):
    closed_with(
        404,
        "NOT_FOUND - no queue 'pika-nowhere' in vhost '/'",
        lambda: connection.channel().queue_declare("pika-nowhere", passive=True),
    )

with check("is told of what does not match: 406"):
    closed_with(
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue}' in vhost '/': "
        "received 'false' but current is 'true'",
        lambda: connection.channel().queue_declare(queue, durable=False),
    )

    def acknowledge_twice():
        broken = connection.channel()
        broken.basic_ack(7)
        broken.queue_declare(queue, passive=True)

    closed_with(406, "PRECONDITION_FAILED - unknown delivery tag 7", acknowledge_twice)

with check("keeps others from an exclusive queue: 405"):
    other = pika.BlockingConnection(pika.URLParameters(URL))
    closed_with(
        405,
        f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{reply_queue}' in vhost '/'. It could be "
        "originally declared on another connection or the exclusive property value does not match that of the original declaration.",
        lambda: other.channel().queue_declare(reply_queue, passive=True),
    )

with check("is told why its connection is closed: 540"):
    closed_with(540, "NOT_IMPLEMENTED - prefetch_size!=0 (5)", lambda: other.channel().basic_qos(prefetch_size=5), ConnectionClosedByBroker)
    same(other.is_open, False)

channel.queue_delete(queue)
channel.exchange_delete(exchange)
connection.close()
with check("closes"):
    same(connection.is_closed, True)
