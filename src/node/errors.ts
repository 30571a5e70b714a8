/** What can become of a broker besides an orderly life, as errors of the program that embeds it. */
import type { ErrorInWords } from '../platform/fatal.js';
import type { StartFailure } from './broker-messages.js';

/** The broker could not start: nothing of it runs, and nothing was changed. */
export class BrokerStartError extends Error {
  override readonly name = 'BrokerStartError';
  readonly failure: StartFailure;

  constructor(failure: StartFailure) {
    super(failure.message);
    this.failure = failure;
    if (failure.kind === 'other') this.stack = failure.stack;
  }
}

/**
 * A defect has ended the broker: it is gone with all its threads, and its data are as after a kill. Another one can be
 * started on them.
 */
export class BrokerDefect extends Error {
  override readonly name = 'BrokerDefect';

  constructor({ message, stack }: ErrorInWords) {
    super(message);
    this.stack = stack;
  }
}

/** A running broker cannot go by new options: it goes on with those that it had. */
export class ReconfigureError extends Error {
  override readonly name = 'ReconfigureError';
}

/** The broker has ended; it answers nothing any more. */
export class BrokerClosedError extends Error {
  override readonly name = 'BrokerClosedError';

  constructor() {
    super('the broker has ended');
  }
}
