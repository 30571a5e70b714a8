/** @golevelup/nestjs-rabbitmq: handlers on exchanges, requests, and what is not wanted. The broker is in this process. */
import 'reflect-metadata';
import { AmqpConnection, Nack, RabbitMQModule, RabbitRPC, RabbitSubscribe } from '@golevelup/nestjs-rabbitmq';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Broker } from 'leveret';

const EXCHANGE = 'birds';
const broker = await Broker.start();

/** What came, and who waits until there is so much of it. */
const heard: string[] = [];
let expected = { count: 0, come: () => {} };

function hear(text: string): void {
  heard.push(text);
  if (heard.length === expected.count) expected.come();
}

@Injectable()
class Watcher {
  @RabbitSubscribe({ exchange: EXCHANGE, routingKey: 'seen.*', queue: 'seen' })
  seen({ bird }: { bird: string }): void {
    hear(`seen: ${bird}`);
  }

  @RabbitSubscribe({
    exchange: EXCHANGE,
    routingKey: 'heard.#',
    queue: 'heard',
    queueOptions: { arguments: { 'x-dead-letter-exchange': EXCHANGE, 'x-dead-letter-routing-key': 'unknown' } },
  })
  known({ bird }: { bird: string }): Nack | undefined {
    if (bird === 'dodo') return new Nack(false);
    hear(`heard: ${bird}`);
    return undefined;
  }

  @RabbitSubscribe({ exchange: EXCHANGE, routingKey: 'unknown', queue: 'unknown' })
  unknown({ bird }: { bird: string }): void {
    hear(`unknown: ${bird}`);
  }

  @RabbitRPC({ exchange: EXCHANGE, routingKey: 'count', queue: 'count' })
  count({ birds }: { birds: string[] }): number {
    return birds.length;
  }
}

@Module({
  imports: [
    RabbitMQModule.forRoot({
      uri: broker.url,
      exchanges: [{ name: EXCHANGE, type: 'topic' }],
      connectionInitOptions: { wait: true },
    }),
  ],
  providers: [Watcher],
})
class Aviary {}

const application = await NestFactory.createApplicationContext(Aviary, { logger: false });
await application.init();
const amqp = application.get(AmqpConnection);

const all = new Promise<void>((come) => {
  expected = { count: 4, come };
});
await amqp.publish(EXCHANGE, 'seen.today', { bird: 'heron' });
await amqp.publish(EXCHANGE, 'seen.far.away', { bird: 'albatross' });
await amqp.publish(EXCHANGE, 'heard.far.away', { bird: 'owl' });
await amqp.publish(EXCHANGE, 'heard', { bird: 'dodo' });
await amqp.publish(EXCHANGE, 'seen.yesterday', { bird: 'crane' });
await all;
for (const line of heard.sort()) console.log(line);
const payload = { birds: ['owl', 'crane'] };
console.log(`counted: ${await amqp.request<number>({ exchange: EXCHANGE, routingKey: 'count', payload })}`);

await application.close();
await broker.stop();
