/**
 * The property `expiration`: a message's own time to live, as text. Pure; refuses what RabbitMQ refuses, with its
 * words, which are Erlang's.
 */
import { channelError, replyCode } from '../../amqp/errors.js';
import { methodId } from '../../amqp/protocol.js';

/** Ten years (ms): the longest time to live. */
const EXPIRATION_MAX = 315_360_000_000n;

/** What the core reads as an expiration by itself. */
export const IS_PLAIN_EXPIRATION = /^\d{1,12}$/;

/** Milliseconds. Throws when the text is no number of them that a message can have. */
export function parseExpiration(text: string): number {
  // As Erlang's string:to_integer reads: a sign, digits, and whatever follows.
  const [, digits, rest = ''] = /^([+-]?\d+)(.*)$/s.exec(text) ?? [];
  if (digits === undefined) throw invalid(text, 'no_integer');
  if (rest !== '') throw invalid(text, `{leftover_string,"${rest}"}`);
  const value = BigInt(digits);
  if (value < 0n) throw invalid(text, `{value_negative,${value}}`);
  if (value > EXPIRATION_MAX) throw invalid(text, `{value_too_large,${value}}`);
  return Number(value);
}

function invalid(text: string, reason: string): Error {
  const explanation = `invalid expiration '${text}': ${reason}`;
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId('basic.publish'));
}
