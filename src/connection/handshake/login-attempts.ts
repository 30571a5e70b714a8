/**
 * How many logins there were, right and wrong, by what was spoken. It lies in memory that all workers share, and each
 * adds to it. What must hold: it holds numbers alone.
 */

const PROTOCOLS = ['http', 'amqp091'] as const;
export type LoginProtocol = (typeof PROTOCOLS)[number];

export interface Attempts {
  readonly protocol: LoginProtocol;
  readonly succeeded: number;
  readonly failed: number;
}

/** By protocol: those that were right, those that were wrong. */
export const ATTEMPT_COUNTERS = PROTOCOLS.length * 2;

export class LoginAttempts {
  /** Owner: nobody. Each number stands for itself, so that the order of additions says nothing. */
  readonly #counters: BigInt64Array;
  /** What is spoken with those who log in in this thread. */
  protocol: LoginProtocol = 'amqp091';

  constructor(counters: BigInt64Array) {
    this.#counters = counters;
  }

  count(isRight: boolean): void {
    Atomics.add(this.#counters, this.#placeOf(this.protocol, isRight), 1n);
  }

  all(): readonly Attempts[] {
    const read = (protocol: LoginProtocol, isRight: boolean): number =>
      Number(Atomics.load(this.#counters, this.#placeOf(protocol, isRight)));
    return PROTOCOLS.map((protocol) => ({
      protocol,
      succeeded: read(protocol, true),
      failed: read(protocol, false),
    }));
  }

  clear(): void {
    for (let i = 0; i < ATTEMPT_COUNTERS; i++) Atomics.store(this.#counters, i, 0n);
  }

  #placeOf(protocol: LoginProtocol, isRight: boolean): number {
    return PROTOCOLS.indexOf(protocol) * 2 + (isRight ? 0 : 1);
  }
}
