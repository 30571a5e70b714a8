/**
 * AMQP errors: the reply codes with their names, and the one error class that every layer throws for what a peer did
 * wrong. What must hold: a code's severity is fixed (soft closes the channel, hard the connection), and the reply text
 * is `NAME - explanation`, never longer than a short string can carry.
 */

/** Every reply code of the protocol, by name. */
export const replyCode = {
  REPLY_SUCCESS: 200,
  CONTENT_TOO_LARGE: 311,
  NO_ROUTE: 312,
  NO_CONSUMERS: 313,
  CONNECTION_FORCED: 320,
  INVALID_PATH: 402,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;
export type ReplyName = keyof typeof replyCode;
export type ReplyCode = (typeof replyCode)[ReplyName];

/** Codes that close the channel only. */
const SOFT_CODES = [311, 312, 313, 403, 404, 405, 406] as const satisfies readonly ReplyCode[];
export type SoftCode = (typeof SOFT_CODES)[number];

const NAMES = new Map<number, ReplyName>(
  Object.entries(replyCode).map(([name, code]) => [code, name as ReplyName] as const),
);

/** The name of a code; a code that the protocol does not have is a mistake of ours. */
export function replyName(code: number): ReplyName {
  const name = NAMES.get(code);
  if (name === undefined) throw new RangeError(`no reply code ${code}`);
  return name;
}

export type ErrorScope = 'channel' | 'connection';

/** The method that failed, as close methods name it. */
export interface FailedMethod {
  readonly classId: number;
  readonly methodId: number;
}

const NO_METHOD: FailedMethod = { classId: 0, methodId: 0 };

/** What a peer did wrong, ready for channel.close or connection.close. */
export class AmqpError extends Error {
  /** What it closes. A hard code closes the connection whatever the thrower asked for. */
  readonly scope: ErrorScope;
  readonly code: number;
  /** `NAME - explanation`, at most 255 bytes of UTF-8. */
  readonly text: string;
  readonly classId: number;
  readonly methodId: number;
  readonly #explanation: string;

  constructor(scope: ErrorScope, code: number, explanation: string, method: FailedMethod = NO_METHOD) {
    const text = replyText(code, explanation);
    super(text);
    this.name = 'AmqpError';
    this.scope = isSoft(code) ? scope : 'connection';
    this.code = code;
    this.text = text;
    this.classId = method.classId;
    this.methodId = method.methodId;
    this.#explanation = explanation;
  }

  /** The same error, naming the method during which it came up unless it names one already. */
  during(method: FailedMethod): AmqpError {
    if (this.classId !== 0) return this;
    return new AmqpError(this.scope, this.code, this.#explanation, method);
  }
}

/** Closes the channel. Only soft codes can; whoever holds a hard one wants `connectionError`. */
export function channelError(code: SoftCode, explanation: string, method?: FailedMethod): AmqpError {
  return new AmqpError('channel', code, explanation, method);
}

/** Closes the connection. Soft codes are fine: on channel 0 they have nothing smaller to close. */
export function connectionError(code: ReplyCode, explanation: string, method?: FailedMethod): AmqpError {
  return new AmqpError('connection', code, explanation, method);
}

function isSoft(code: number): code is SoftCode {
  return (SOFT_CODES as readonly number[]).includes(code);
}

/** The most that a short string carries. */
const TEXT_MAX = 255;
const ELLIPSIS = '...';

function replyText(code: number, explanation: string): string {
  const text = `${replyName(code)} - ${explanation}`;
  if (Buffer.byteLength(text) <= TEXT_MAX) return text;
  return cutToBytes(text, TEXT_MAX - ELLIPSIS.length) + ELLIPSIS;
}

/** The longest start of `text` that fits into `max` bytes of UTF-8, cut between characters. */
function cutToBytes(text: string, max: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(max));
  return text.slice(0, read);
}
