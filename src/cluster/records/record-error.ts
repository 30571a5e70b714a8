/**
 * A record that is not as it must be. What must hold: each says at which message of the stream, what is wrong there,
 * and what would be right.
 */

/**
 * damaged: the octets are not those that were written. format: a newer node wrote it, or another program. torn: its
 * parts do not fit together. gap: not the message that comes next. backward: the stream has lost what it had, or
 * another one has taken its place. body: what a record of this kind has in it is not there.
 */
export type RecordErrorCode = 'damaged' | 'format' | 'torn' | 'gap' | 'backward' | 'body';

export class RecordError extends Error {
  override readonly name = 'RecordError';
  constructor(
    readonly code: RecordErrorCode,
    readonly sequence: number,
    message: string,
  ) {
    super(`message ${sequence} of the stream: ${message}`);
  }
}
