/** amqplib behind the interface of these stories. */
import amqp from 'amqplib';
import { Inbox } from '../../support/waiting.js';
import {
  type Client,
  type ClientChannel,
  type ClientConnection,
  type Consumer,
  type Delivery,
  type Message,
  type Properties,
  present,
  type QueueOptions,
  type QueueState,
  type Returned,
} from './client.js';

export const amqplib: Client = {
  name: 'amqplib',
  async connect(url) {
    const model = await amqp.connect(url);
    // Channel errors reach the caller through the call that failed.
    model.on('error', () => {});
    return new AmqplibConnection(model);
  },
};

class AmqplibConnection implements ClientConnection {
  constructor(private readonly model: amqp.ChannelModel) {}

  async openChannel(): Promise<ClientChannel> {
    const channel = await this.model.createChannel();
    return new AmqplibChannel(channel, async (exchange, routingKey, body, options) => {
      channel.publish(exchange, routingKey, body, options);
    });
  }

  async openConfirmChannel(): Promise<ClientChannel> {
    const channel = await this.model.createConfirmChannel();
    return new AmqplibChannel(
      channel,
      (exchange, routingKey, body, options) =>
        new Promise((resolve, reject) => {
          channel.publish(exchange, routingKey, body, options, (error) => (error ? reject(error) : resolve()));
        }),
    );
  }

  close(): Promise<void> {
    return this.model.close();
  }
}

type Publish = (exchange: string, routingKey: string, body: Buffer, options: amqp.Options.Publish) => Promise<void>;

class AmqplibChannel implements ClientChannel {
  readonly returned = new Inbox<Returned>();
  readonly cancelled = new Inbox<string>();

  constructor(
    private readonly channel: amqp.Channel,
    private readonly send: Publish,
  ) {
    channel.on('error', () => {});
    channel.on('return', (message) => {
      const { replyCode, replyText } = message.fields as unknown as Returned;
      this.returned.push({ ...asMessage(message), replyCode, replyText });
    });
  }

  async declareQueue(queue: string, options: QueueOptions = {}): Promise<QueueState> {
    if (options.passive) return this.channel.checkQueue(queue);
    return this.channel.assertQueue(queue, { durable: false, ...options });
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.channel.deleteQueue(queue);
  }

  async declareExchange(exchange: string, type: string): Promise<void> {
    await this.channel.assertExchange(exchange, type, { durable: false });
  }

  async bindQueue(queue: string, exchange: string, routingKey: string): Promise<void> {
    await this.channel.bindQueue(queue, exchange, routingKey);
  }

  async prefetch(count: number): Promise<void> {
    await this.channel.prefetch(count);
  }

  publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    options: Properties & { mandatory?: boolean } = {},
  ): Promise<void> {
    return this.send(exchange, routingKey, body, options);
  }

  async get(queue: string, options: { noAck?: boolean } = {}): ReturnType<ClientChannel['get']> {
    const message = await this.channel.get(queue, options);
    if (message === false) return null;
    return { ...this.#delivery(message), messageCount: message.fields.messageCount };
  }

  async consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options: { noAck?: boolean; exclusive?: boolean } = {},
  ): Promise<Consumer> {
    let tag = '';
    const reply = await this.channel.consume(
      queue,
      (message) => (message === null ? this.cancelled.push(tag) : onDelivery(this.#delivery(message))),
      options,
    );
    tag = reply.consumerTag;
    return {
      tag,
      cancel: async () => {
        await this.channel.cancel(tag);
      },
    };
  }

  close(): Promise<void> {
    return this.channel.close();
  }

  #delivery(message: amqp.Message): Delivery {
    return {
      ...asMessage(message),
      redelivered: message.fields.redelivered,
      ack: (multiple) => this.channel.ack(message, multiple),
      nack: ({ requeue = true, multiple = false } = {}) => this.channel.nack(message, multiple, requeue),
      reject: ({ requeue = true } = {}) => this.channel.reject(message, requeue),
    };
  }
}

function asMessage(message: amqp.Message): Message {
  const { exchange, routingKey } = message.fields;
  return { body: message.content, properties: present(message.properties), exchange, routingKey };
}
