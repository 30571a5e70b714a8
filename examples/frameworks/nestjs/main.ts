/** A NestJS microservice and its client, each with a connection of its own. The broker is in this process. */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  type RmqContext,
  type RmqOptions,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { Broker } from 'leveret';
import { firstValueFrom, Subject, take, toArray } from 'rxjs';

function acknowledge(context: RmqContext): void {
  context.getChannelRef().ack(context.getMessage());
}

const placed = new Subject<string>();

@Controller()
class Orders {
  @MessagePattern('total')
  total(@Payload() prices: number[], @Ctx() context: RmqContext): number {
    acknowledge(context);
    return prices.reduce((sum, price) => sum + price, 0);
  }

  @MessagePattern('refuse')
  refuse(@Payload() order: string, @Ctx() context: RmqContext): never {
    acknowledge(context);
    throw new RpcException(`no order ${order}`);
  }

  @EventPattern('placed')
  placed(@Payload() order: string, @Ctx() context: RmqContext): void {
    acknowledge(context);
    placed.next(`${order}, by ${context.getPattern()}`);
  }
}

@Module({ controllers: [Orders] })
class Shop {}

const broker = await Broker.start();
const urls = [broker.url];
const queue = 'orders';
const options = (noAck: boolean): RmqOptions => ({
  transport: Transport.RMQ,
  options: { urls, queue, queueOptions: { durable: true }, noAck, prefetchCount: 10 },
});

const service = await NestFactory.createMicroservice<MicroserviceOptions>(Shop, { ...options(false), logger: false });
await service.listen();
const client = ClientProxyFactory.create(options(true));
await client.connect();

console.log(`total: ${await firstValueFrom(client.send('total', [3, 4, 5]))}`);
const many = Array.from({ length: 100 }, (_, i) => firstValueFrom(client.send<number>('total', [i, 1])));
console.log(`a hundred at once: ${(await Promise.all(many)).join() === many.map((_, i) => i + 1).join()}`);
await firstValueFrom(client.send('refuse', 17)).catch((error) => console.log(`refused: ${error.message ?? error}`));

const events = firstValueFrom(placed.pipe(take(3), toArray()));
for (const order of ['tea', 'milk', 'sugar']) await firstValueFrom(client.emit('placed', order));
for (const event of await events) console.log(`placed: ${event}`);

await client.close();
await service.close();
await broker.stop();
