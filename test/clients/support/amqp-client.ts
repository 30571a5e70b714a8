/** @cloudamqp/amqp-client behind the interface of these stories. */
import {
  type AMQPBaseClient,
  type AMQPChannel,
  AMQPClient,
  type AMQPMessage,
  type AMQPProperties,
} from '@cloudamqp/amqp-client';
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

export const amqpClient: Client = {
  name: '@cloudamqp/amqp-client',
  async connect(url) {
    const connection = await new AMQPClient(url, undefined, null).connect();
    // Errors reach the caller through the call that failed.
    connection.onerror = () => {};
    return new AmqpClientConnection(connection);
  },
};

class AmqpClientConnection implements ClientConnection {
  constructor(private readonly connection: AMQPBaseClient) {}

  async openChannel(): Promise<ClientChannel> {
    return new AmqpClientChannel(await this.connection.channel());
  }

  async openConfirmChannel(): Promise<ClientChannel> {
    const channel = await this.connection.channel();
    await channel.confirmSelect();
    return new AmqpClientChannel(channel);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

class AmqpClientChannel implements ClientChannel {
  readonly returned = new Inbox<Returned>();
  readonly cancelled = new Inbox<string>();

  constructor(private readonly channel: AMQPChannel) {
    channel.onReturn = (message) => {
      const { replyCode = 0, replyText = '' } = message;
      this.returned.push({ ...asMessage(message), replyCode, replyText });
    };
  }

  async declareQueue(queue: string, options: QueueOptions = {}): Promise<QueueState> {
    const reply = await this.channel.queueDeclare(queue, { durable: false, autoDelete: false, ...options });
    return { queue: reply.name, messageCount: reply.messageCount, consumerCount: reply.consumerCount };
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.channel.queueDelete(queue);
  }

  declareExchange(exchange: string, type: string): Promise<void> {
    return this.channel.exchangeDeclare(exchange, type, { durable: false });
  }

  bindQueue(queue: string, exchange: string, routingKey: string): Promise<void> {
    return this.channel.queueBind(queue, exchange, routingKey);
  }

  prefetch(count: number): Promise<void> {
    return this.channel.basicQos(count);
  }

  async publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    options: Properties & { mandatory?: boolean } = {},
  ): Promise<void> {
    const { mandatory, timestamp, ...rest } = options;
    const properties = timestamp === undefined ? rest : { ...rest, timestamp: new Date(timestamp * 1000) };
    await this.channel.basicPublish(exchange, routingKey, body, properties as AMQPProperties, mandatory);
  }

  async get(queue: string, options: { noAck?: boolean } = {}): ReturnType<ClientChannel['get']> {
    const message = await this.channel.basicGet(queue, { noAck: false, ...options });
    if (message === null) return null;
    return { ...asDelivery(message), messageCount: message.messageCount ?? Number.NaN };
  }

  async consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options: { noAck?: boolean; exclusive?: boolean } = {},
  ): Promise<Consumer> {
    const consumer = await this.channel.basicConsume(queue, { noAck: false, ...options }, (message) =>
      onDelivery(asDelivery(message)),
    );
    // The wait ends well when the client cancels, and badly when the broker does.
    consumer.wait().catch(() => this.cancelled.push(consumer.tag));
    return {
      tag: consumer.tag,
      cancel: async () => {
        await consumer.cancel();
      },
    };
  }

  close(): Promise<void> {
    return this.channel.close();
  }
}

/**
 * This library's acknowledgements fail, as promises, on a closed channel; the broker's answer is what the stories look
 * at.
 */
function asDelivery(message: AMQPMessage): Delivery {
  const ignore = () => {};
  return {
    ...asMessage(message),
    redelivered: message.redelivered,
    ack: (multiple = false) => void message.ack(multiple).catch(ignore),
    nack: ({ requeue = true, multiple = false } = {}) => void message.nack(requeue, multiple).catch(ignore),
    reject: ({ requeue = true } = {}) => void message.reject(requeue).catch(ignore),
  };
}

function asMessage(message: AMQPMessage): Message {
  const { exchange, routingKey } = message;
  const { timestamp, ...rest } = message.properties;
  const seconds = timestamp === undefined ? undefined : timestamp.getTime() / 1000;
  return {
    body: Buffer.from((message.body as Uint8Array | null) ?? []),
    properties: present({ ...rest, timestamp: seconds }),
    exchange,
    routingKey,
  };
}
