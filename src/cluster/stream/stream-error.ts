/**
 * Why a stream gave no answer, or not the one that was asked for. What must hold: a code stands for what the caller can
 * do; the message says what is wrong in the words of the server where it said any.
 */

/**
 * timeout: nothing came in time; it may have been done. disconnected: there is no connection, or it was lost meanwhile;
 * it may have been done. leaderless: the stream has no leader now. full: the stream holds all that it may hold.
 * denied: the user has no right to that. closed: this handle is closed. purged: what was asked for is not kept any
 * more. failed: the server said something else.
 */
export type StreamErrorCode =
  | 'timeout'
  | 'disconnected'
  | 'leaderless'
  | 'full'
  | 'denied'
  | 'closed'
  | 'purged'
  | 'failed';

export class StreamError extends Error {
  override readonly name = 'StreamError';
  constructor(
    readonly code: StreamErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A stream that may not be used as it is, or cannot be opened. Each line names a fault and its cure. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';
  constructor(
    stream: string,
    readonly reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`the stream ${stream} cannot be used: ${reasons.join('; ')}`, options);
  }
}

/** What a message of so many octets is refused with: it must go in parts. */
export function tooLong(octets: number, most: number): RangeError {
  return new RangeError(`a message of ${octets} octets is longer than the stream takes (${most}); send it in parts`);
}

export function purged(next: number, first: number): StreamError {
  return new StreamError('purged', `message ${next} is not kept any more; the first that is kept is ${first}`);
}
