/**
 * What a NATS server or its client says, as errors of a stream. What must hold: what is not known becomes `failed` with
 * the words that came, and no error is taken for an answer.
 */
import { StreamError, type StreamErrorCode } from '../stream-error.js';
import type { NatsPackages } from './nats-packages.js';

/** An error in an answer of JetStream. */
export interface ApiFault {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

export const WRONG_LAST_SEQUENCE = 10071;
export const NO_STREAM = 10059;
/** JetStream's own numbers, by what a caller can do. */
const CODES: Readonly<Record<number, StreamErrorCode>> = {
  // No leader of the cluster, or of the stream; not ready yet.
  10008: 'leaderless',
  10009: 'leaderless',
  10074: 'leaderless',
  10118: 'leaderless',
  // More messages or octets than the stream, the account or the disk takes.
  10023: 'full',
  10047: 'full',
  10077: 'full',
  10028: 'full',
};

export function apiError({ code, err_code, description }: ApiFault): StreamError {
  const text = description ?? `error ${err_code ?? code}`;
  return new StreamError(CODES[err_code ?? 0] ?? (code === 503 ? 'leaderless' : 'failed'), text);
}

/** What the client threw. */
export function natsError({ transport, jetstream }: NatsPackages, error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  if (error instanceof jetstream.JetStreamApiError) {
    const { code, status, message } = error;
    return apiError({ code: status, err_code: code, description: message });
  }
  const { errors } = transport;
  const cause = error instanceof Error ? error : new Error(String(error));
  const codeOf = (reason: unknown): StreamErrorCode | null => {
    if (reason instanceof errors.TimeoutError) return 'timeout';
    if (reason instanceof errors.PermissionViolationError) return 'denied';
    if (reason instanceof errors.NoRespondersError) return 'leaderless';
    if (reason instanceof errors.RequestError) return reason.isNoResponders() ? 'leaderless' : codeOf(reason.cause);
    if (reason instanceof errors.ConnectionError) return 'disconnected';
    if (reason instanceof errors.ClosedConnectionError || reason instanceof errors.DrainingConnectionError)
      return 'closed';
    return null;
  };
  const code = codeOf(cause) ?? codeOf(cause.cause) ?? (isDisconnect(cause) ? 'disconnected' : 'failed');
  return new StreamError(code, TEXTS[code] ?? cause.message, { cause });
}

/** The client says so by words alone. */
function isDisconnect({ message }: Error): boolean {
  return /disconnect/i.test(message);
}

const TEXTS: Partial<Record<StreamErrorCode, string>> = {
  timeout: 'no answer came in time',
  leaderless: 'nobody leads the stream',
  disconnected: 'the connection was lost',
};
