"""pika's BlockingConnection and what queues do by their rules: direct replies, transactions, dead letters, priorities, limits."""

import time

import pika
from pika.exceptions import ChannelClosedByBroker, NackError

from checks import PATIENCE, URL, check, same, unique

REPLY_TO = "amq.rabbitmq.reply-to"


def take(channel, queue):
    """The next message, by get, waiting for it to arrive."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is not None:
            return method, properties, body
        connection.process_data_events(time_limit=0.01)
    raise AssertionError(f"nothing came from {queue}")


def declare(channel, **arguments):
    arguments = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
    return channel.queue_declare("", exclusive=True, arguments=arguments).method.queue


connection = pika.BlockingConnection(pika.URLParameters(URL))
channel = connection.channel()

with check("has a request answered by a direct reply"):
    requests, replies = declare(channel), []
    client, server = connection.channel(), connection.channel()
    client.basic_consume(REPLY_TO, lambda _, __, properties, body: replies.append((properties.correlation_id, body)), auto_ack=True)

    def serve(served, request, properties, payload):
        if properties.reply_to == REPLY_TO:
            raise AssertionError("the name to reply to is the requester's own")
        answer = pika.BasicProperties(correlation_id=properties.correlation_id)
        served.basic_publish("", properties.reply_to, payload.upper(), answer)
        served.basic_ack(request.delivery_tag)

    server.basic_consume(requests, serve)
    for number in range(3):
        client.basic_publish("", requests, b"shout", pika.BasicProperties(reply_to=REPLY_TO, correlation_id=f"{number}"))
    while len(replies) < 3:
        connection.process_data_events(time_limit=PATIENCE)
    same(replies, [("0", b"SHOUT"), ("1", b"SHOUT"), ("2", b"SHOUT")])

with check("is refused a direct reply that nobody waits for: 406"):
    nobody = connection.channel()
    try:
        nobody.basic_publish("", requests, b"?", pika.BasicProperties(reply_to=REPLY_TO))
        nobody.queue_declare(requests, passive=True)
    except ChannelClosedByBroker as closed:
        same((closed.reply_code, closed.reply_text), (406, "PRECONDITION_FAILED - fast reply consumer does not exist"))
    else:
        raise AssertionError("it was taken")

with check("sees a transaction's messages after its commit, and not after a rollback"):
    moved, work = declare(channel), connection.channel()
    work.tx_select()
    work.basic_publish("", moved, b"never")
    work.tx_rollback()
    for number in range(3):
        work.basic_publish("", moved, f"{number}".encode())
    same(work.queue_declare(moved, passive=True).method.message_count, 0)
    work.tx_commit()
    same([take(channel, moved)[2] for _ in range(3)], [b"0", b"1", b"2"])

with check("has an acknowledgement back with a rollback"):
    channel.basic_publish("", moved, b"kept")
    method, _, _ = work.basic_get(moved)
    while method is None:
        method, _, _ = work.basic_get(moved)
    work.basic_ack(method.delivery_tag)
    work.tx_rollback()
    work.close()
    method, _, body = take(channel, moved)
    same((method.redelivered, body), (True, b"kept"))

with check("finds what was rejected, too old or too many among the dead letters, with the reason"):
    grave = declare(channel)
    route = {"dead_letter_exchange": "", "dead_letter_routing_key": grave}
    mortal = declare(channel, max_length=1, **route)
    for body in (b"first", b"second"):
        channel.basic_publish("", mortal, body)
    _, properties, body = take(channel, grave)
    death = properties.headers["x-death"][0]
    same((body, death["reason"], death["queue"], death["count"]), (b"first", "maxlen", mortal, 1))
    method, _, _ = channel.basic_get(mortal)
    channel.basic_reject(method.delivery_tag, requeue=False)
    _, properties, body = take(channel, grave)
    same((body, properties.headers["x-first-death-reason"]), (b"second", "rejected"))
    channel.basic_publish("", mortal, b"third", pika.BasicProperties(expiration="20"))
    _, properties, body = take(channel, grave)
    death = properties.headers["x-death"][0]
    same((body, death["reason"], death["original-expiration"], properties.expiration), (b"third", "expired", "20", None))

with check("gets messages by their priority, those of one priority in order"):
    ranked = declare(channel, max_priority=5)
    for body, priority in ((b"low", 1), (b"none", None), (b"high 1", 5), (b"beyond", 9), (b"high 2", 5)):
        channel.basic_publish("", ranked, body, pika.BasicProperties(priority=priority))
    same([take(channel, ranked)[2] for _ in range(5)], [b"high 1", b"beyond", b"high 2", b"low", b"none"])

with check("is told that a full queue refuses a message"):
    confirming = connection.channel()
    confirming.confirm_delivery()
    full = declare(channel, max_length=1, overflow="reject-publish")
    confirming.basic_publish("", full, b"fits")
    for properties in (None, pika.BasicProperties(headers={"BCC": ["nowhere"]})):
        try:
            confirming.basic_publish("", full, b"does not", properties)
        except NackError:
            continue
        raise AssertionError("it was confirmed")
    same(take(channel, full)[2], b"fits")

with check("does not lose a dead letter of a quorum queue that sends it at least once"):
    keeping, exchange = unique("pika-keeping"), unique("pika-dlx")
    channel.exchange_declare(exchange, "fanout", auto_delete=True)
    arguments = {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": exchange,
    }
    channel.queue_declare(keeping, durable=True, arguments=arguments)
    target = declare(channel)
    channel.queue_bind(target, exchange)
    channel.basic_publish("", keeping, b"kept")
    method = None
    while method is None:
        method, _, _ = channel.basic_get(keeping)
    channel.basic_nack(method.delivery_tag, requeue=False)
    same(take(channel, target)[2], b"kept")
    channel.queue_delete(keeping)

connection.close()
with check("closes"):
    same(connection.is_closed, True)
