/** What can become of what is asked of a channel, as errors of the program. */
import { methodName } from '../amqp/protocol.js';

/** What a close method says. */
export interface CloseReason {
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
}

/**
 * The broker has closed the channel, or has not let the program in. Whatever was under way on the channel rejects with
 * this, and so does what is asked of it later.
 */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  /** AMQP's reply code, such as 404. */
  readonly code: number;
  /** Class and method that failed, by AMQP's numbers; 0 and 0: none in particular. */
  readonly classId: number;
  readonly methodId: number;
  /** The same by name, such as `queue.declare`; null: none in particular. */
  readonly method: string | null;

  constructor({ replyCode, replyText, classId, methodId }: CloseReason) {
    super(replyText);
    this.code = replyCode;
    this.classId = classId;
    this.methodId = methodId;
    this.method = methodName(classId, methodId) ?? null;
  }
}

/** The channel is closed, by the program itself or together with its broker. */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';

  constructor(reason = 'the channel is closed') {
    super(reason);
  }
}

/** The broker has not taken a message: a queue that refuses more when it is full, say. */
export class PublishRefusedError extends Error {
  override readonly name = 'PublishRefusedError';

  constructor() {
    super('the broker has not taken the message (basic.nack)');
  }
}

/** The broker has ended a consumer: its queue was deleted, say. Who iterates over its messages gets this. */
export class ConsumerCancelledError extends Error {
  override readonly name = 'ConsumerCancelledError';

  constructor(readonly consumerTag: string) {
    super(`the broker has cancelled the consumer '${consumerTag}'`);
  }
}
