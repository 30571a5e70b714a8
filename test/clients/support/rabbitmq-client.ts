/** rabbitmq-client behind the interface of these stories. */
import { type AsyncMessage, type Channel, Connection, type HeaderFields, type SyncMessage } from 'rabbitmq-client';
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

export const rabbitmqClient: Client = {
  name: 'rabbitmq-client',
  async connect(url) {
    const connection = new Connection(url);
    // Channel errors reach the caller through the call that failed.
    connection.on('error', () => {});
    await connection.onConnect();
    return new RabbitmqClientConnection(connection);
  },
};

class RabbitmqClientConnection implements ClientConnection {
  readonly #channels = new Set<Channel>();

  constructor(private readonly connection: Connection) {}

  async openChannel(): Promise<ClientChannel> {
    const channel = await this.connection.acquire();
    this.#channels.add(channel);
    return new RabbitmqClientChannel(channel);
  }

  async openConfirmChannel(): Promise<ClientChannel> {
    const channel = await this.connection.acquire();
    this.#channels.add(channel);
    await channel.confirmSelect();
    return new RabbitmqClientChannel(channel);
  }

  /** This library waits for its channels to be closed by whoever acquired them. */
  async close(): Promise<void> {
    await Promise.all([...this.#channels].filter((channel) => channel.active).map((channel) => channel.close()));
    await this.connection.close();
  }
}

class RabbitmqClientChannel implements ClientChannel {
  readonly returned = new Inbox<Returned>();
  readonly cancelled = new Inbox<string>();

  constructor(private readonly channel: Channel) {
    channel.on('error', () => {});
    channel.on('basic.cancel', (tag) => this.cancelled.push(tag));
    channel.on('basic.return', (message) => {
      const { replyCode, replyText } = message;
      this.returned.push({ ...asMessage(message), replyCode, replyText });
    });
  }

  declareQueue(queue: string, options: QueueOptions = {}): Promise<QueueState> {
    return this.channel.queueDeclare({ queue, ...options });
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.channel.queueDelete(queue);
  }

  declareExchange(exchange: string, type: string): Promise<void> {
    return this.channel.exchangeDeclare({ exchange, type });
  }

  bindQueue(queue: string, exchange: string, routingKey: string): Promise<void> {
    return this.channel.queueBind({ queue, exchange, routingKey });
  }

  prefetch(count: number): Promise<void> {
    return this.channel.basicQos({ prefetchCount: count });
  }

  publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    options: Properties & { mandatory?: boolean } = {},
  ): Promise<void> {
    const { deliveryMode, ...rest } = options;
    return this.channel.basicPublish({ exchange, routingKey, durable: deliveryMode === 2, ...rest }, body);
  }

  async get(queue: string, options: { noAck?: boolean } = {}): ReturnType<ClientChannel['get']> {
    const message = await this.channel.basicGet({ queue, ...options });
    if (message === undefined) return null;
    return { ...this.#delivery(message), messageCount: message.messageCount };
  }

  async consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options: { noAck?: boolean; exclusive?: boolean } = {},
  ): Promise<Consumer> {
    const reply = await this.channel.basicConsume({ queue, ...options }, (message) =>
      onDelivery(this.#delivery(message)),
    );
    const tag = reply.consumerTag;
    return {
      tag,
      cancel: async () => {
        await this.channel.basicCancel(tag);
      },
    };
  }

  close(): Promise<void> {
    return this.channel.close();
  }

  #delivery(message: AsyncMessage | SyncMessage): Delivery {
    const { deliveryTag } = message;
    return {
      ...asMessage(message),
      redelivered: message.redelivered,
      ack: (multiple = false) => this.channel.basicAck({ deliveryTag, multiple }),
      nack: ({ requeue = true, multiple = false } = {}) => this.channel.basicNack({ deliveryTag, requeue, multiple }),
      // This library knows no basic.reject; its nack of one message means the same.
      reject: ({ requeue = true } = {}) => this.channel.basicNack({ deliveryTag, requeue }),
    };
  }
}

type Incoming = HeaderFields & { body: unknown; exchange: string; routingKey: string };

function asMessage(message: Incoming): Message {
  const { durable, headers, contentType, contentEncoding, priority, correlationId, replyTo } = message;
  const { expiration, messageId, timestamp, type, userId, appId, exchange, routingKey } = message;
  const properties = present({
    ...{ contentType, contentEncoding, headers, deliveryMode: durable ? 2 : 1, priority, correlationId, replyTo },
    ...{ expiration, messageId, timestamp, type, userId, appId },
  });
  return { body: message.body as Buffer, properties, exchange, routingKey };
}
