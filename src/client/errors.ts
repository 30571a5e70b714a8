/** What ends a run before it is over, each in one line for whoever started it. */

/** The broker cannot be reached, refuses, or has gone away. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';

  /** `replyCode`: what the broker has closed the connection or the channel with; null: it has not. */
  constructor(
    message: string,
    readonly replyCode: number | null = null,
  ) {
    super(message);
  }
}

/** What the broker sends cannot be read. */
export class BrokenFrames extends BrokerError {
  constructor() {
    super('sends what is no frame of AMQP 0-9-1');
  }
}
