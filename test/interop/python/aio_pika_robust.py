"""aio-pika: asyncio, with connections that mend themselves."""

import asyncio
import logging

import aio_pika
from aio_pika.exceptions import ChannelClosed, ChannelPreconditionFailed, DeliveryError, QueueEmpty

from checks import PATIENCE, URL, check, same, unique

# What goes wrong here goes wrong on purpose; the client would log it at length.
logging.disable(logging.CRITICAL)


async def main():
    connection = await aio_pika.connect_robust(URL)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    name = unique("aio")

    with check("declares an exchange, a queue and a binding"):
        exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.HEADERS, auto_delete=True)
        queue = await channel.declare_queue(name, durable=True)
        await queue.bind(exchange, arguments={"x-match": "all", "colour": "brown", "legs": 4})

    with check("publishes with confirms, by headers"):
        for number in range(5):
            message = aio_pika.Message(
                b"hare %d" % number,
                headers={"colour": "brown", "legs": 4, "name": {"first": "Jack"}},
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                message_id=str(number),
                priority=3,
            )
            await exchange.publish(message, routing_key="")
        same((await queue.declare()).message_count, 5)

    with check("gets an unroutable mandatory message back: 312"):
        try:
            await exchange.publish(aio_pika.Message(b"fox", headers={"colour": "red"}), routing_key="burrow")
        except DeliveryError as error:
            same((error.message.delivery.reply_code, error.message.delivery.reply_text), (312, "NO_ROUTE"))
            same(error.message.body, b"fox")
        else:
            raise AssertionError("it was not returned")

    with check("gets a message with its properties, and has it back when it is nacked"):
        message = await queue.get()
        same((message.body, message.message_id, message.priority, message.redelivered), (b"hare 0", "0", 3, False))
        same(message.headers, {"colour": "brown", "legs": 4, "name": {"first": "Jack"}})
        await message.nack(requeue=True)
        message = await queue.get()
        same((message.body, message.redelivered), (b"hare 0", True))
        await message.ack()

    with check("consumes with a prefetch of 1, by iterator"):
        await channel.set_qos(prefetch_count=1)
        bodies = []
        async with queue.iterator(timeout=PATIENCE) as messages:
            async for message in messages:
                async with message.process():
                    bodies.append(message.body)
                if len(bodies) == 4:
                    break
        same(bodies, [b"hare 1", b"hare 2", b"hare 3", b"hare 4"])

    with check("finds an empty queue empty"):
        try:
            await queue.get(fail=True)
        except QueueEmpty:
            pass
        else:
            raise AssertionError("it was not empty")

    with check("binds exchanges to exchanges"):
        upstream = await channel.declare_exchange(f"{name}-upstream", aio_pika.ExchangeType.DIRECT, auto_delete=True)
        await exchange.bind(upstream, routing_key="key")
        await upstream.publish(aio_pika.Message(b"through", headers={"colour": "brown", "legs": 4}), routing_key="key")
        message = await queue.get()
        same((message.exchange, message.body), (upstream.name, b"through"))
        await message.ack()

    with check("answers a request by its reply-to"):
        loop = asyncio.get_running_loop()
        replied = loop.create_future()
        replies = await channel.declare_queue(exclusive=True)
        requests = await channel.declare_queue(exclusive=True)

        async def serve(request):
            async with request.process():
                answer = aio_pika.Message(request.body[::-1], correlation_id=request.correlation_id)
                await channel.default_exchange.publish(answer, routing_key=request.reply_to)

        await requests.consume(serve)
        await replies.consume(lambda message: replied.set_result((message.correlation_id, message.body)), no_ack=True)
        question = aio_pika.Message(b"stressed", reply_to=replies.name, correlation_id="c1")
        await channel.default_exchange.publish(question, routing_key=requests.name)
        same(await asyncio.wait_for(replied, PATIENCE), ("c1", b"desserts"))

    with check("is told of what does not match: 406"):
        broken = await connection.channel()
        try:
            await broken.declare_queue(name, durable=True, arguments={"x-max-length": 5})
        except ChannelPreconditionFailed as error:
            same(
                str(error),
                f"PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue '{name}' in vhost '/': "
                "received the value '5' of type 'byte' but current is none",
            )
        else:
            raise AssertionError("it was declared")

    with check("is told of what does not exist: 404"):
        broken = await connection.channel()
        try:
            await broken.declare_queue("aio-nowhere", passive=True)
        except ChannelClosed as error:
            same(str(error), "NOT_FOUND - no queue 'aio-nowhere' in vhost '/'")
        else:
            raise AssertionError("it was there")

    with check("mends itself: reconnects, declares and consumes again"):
        again = loop.create_future()
        # A queue that goes with its connection, and that aio-pika declares anew.
        fragile = await channel.declare_queue(f"{name}-fragile", exclusive=True)
        await fragile.consume(lambda message: again.set_result(message.body), no_ack=True)
        mended = loop.create_future()
        connection.reconnect_callbacks.add(lambda *_: mended.done() or mended.set_result(True))
        # The broker closes the connection: 540, recover without requeue.
        underlay = await channel.get_underlay_channel()
        try:
            await underlay.basic_recover(requeue=False)
        except Exception as error:
            same("NOT_IMPLEMENTED - requeue=false" in str(error), True)
        await asyncio.wait_for(mended, PATIENCE)
        await channel.ready()
        await channel.default_exchange.publish(aio_pika.Message(b"back"), routing_key=f"{name}-fragile")
        same(await asyncio.wait_for(again, PATIENCE), b"back")

    await queue.delete()
    await connection.close()
    with check("closes"):
        same(connection.is_closed, True)


asyncio.run(main())
