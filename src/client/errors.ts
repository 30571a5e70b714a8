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

/** What Node says of certificates that nobody has signed whom it trusts. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_SIGNATURE_FAILURE|UNABLE_TO_(VERIFY|GET)_\w+)$/;

/** Why there is no connection, in a few words for whoever started us. */
export function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  return UNTRUSTED.test(code) ? `${code}: its certificate is not trusted; --tls-ca names whose are` : code;
}
