/** What ends a run before it is over, each in one line for whoever started it. */

/** The broker cannot be reached, refuses, or has gone away. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
}

/** What the broker sends cannot be read. */
export class BrokenFrames extends BrokerError {
  constructor() {
    super('sends what is no frame of AMQP 0-9-1');
  }
}
