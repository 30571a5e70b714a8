/**
 * Messages as a program gets them. What must hold: what is not looked at is not decoded; the body is not copied, so that
 * it keeps the octets alive with which it came.
 */
import { decodeHeader } from '../amqp/properties.js';
import { fromWire, type MessageProperties } from './properties.js';

/** What all contents have. */
class Content {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** The payload of the header frame, decoded when it is asked for. */
  readonly #header: Uint8Array;
  #properties: MessageProperties | null = null;

  constructor(exchange: string, routingKey: string, body: Buffer, header: Uint8Array) {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.body = body;
    this.#header = header;
  }

  get properties(): MessageProperties {
    this.#properties ??= fromWire(decodeHeader(this.#header).properties);
    return this.#properties;
  }
}

/** A message that was delivered, and is to be acknowledged unless its consumer has `noAck`. */
export class Message extends Content {
  /** The consumer's; '' for one that was got. */
  readonly consumerTag: string;
  /** By this it is acknowledged, on the channel on which it came. */
  readonly deliveryTag: number;
  /** Whether it was delivered before, and came back. */
  readonly redelivered: boolean;
  /** How many were left in the queue; null for one that was delivered to a consumer. */
  readonly messageCount: number | null;

  constructor(
    delivered: Pick<
      Message,
      'consumerTag' | 'deliveryTag' | 'redelivered' | 'exchange' | 'routingKey' | 'messageCount'
    >,
    body: Buffer,
    header: Uint8Array,
  ) {
    super(delivered.exchange, delivered.routingKey, body, header);
    this.consumerTag = delivered.consumerTag;
    this.deliveryTag = delivered.deliveryTag;
    this.redelivered = delivered.redelivered;
    this.messageCount = delivered.messageCount;
  }
}

/** A message that was published as `mandatory` and went to no queue. */
export class ReturnedMessage extends Content {
  /** AMQP's reply code and text: 312, NO_ROUTE. */
  readonly replyCode: number;
  readonly replyText: string;

  constructor(
    returned: Pick<ReturnedMessage, 'replyCode' | 'replyText' | 'exchange' | 'routingKey'>,
    body: Buffer,
    header: Uint8Array,
  ) {
    super(returned.exchange, returned.routingKey, body, header);
    this.replyCode = returned.replyCode;
    this.replyText = returned.replyText;
  }
}
