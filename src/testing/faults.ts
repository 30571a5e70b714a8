/**
 * Faults on purpose. Connections are named as their clients name them (`connection_name` of the client properties);
 * without a name all are meant. What must hold: what is undone by `clear` is all that was asked for.
 */
import type { AskBroker } from './queue.js';

/** What RabbitMQ says where memory is short. */
const LOW_ON_MEMORY = 'low on memory';

export class Faults {
  readonly #ask: AskBroker;
  readonly #crash: () => Promise<void>;
  /** What undoes what was asked for. */
  readonly #undo = new Map<string, () => Promise<unknown>>();

  constructor(ask: AskBroker, crash: () => Promise<void>) {
    this.#ask = ask;
    this.#crash = crash;
  }

  /** Closes connections as an operator does (320 CONNECTION_FORCED). Resolves with how many there were. */
  closeConnection(name?: string): Promise<number> {
    return this.#ask({ op: 'close connection', name: name ?? null });
  }

  /**
   * Answers the next publishes that ask for a confirm with basic.nack, and drops their messages. Takes the place of what
   * is left of the call before.
   */
  async nackNext(count = 1): Promise<void> {
    this.#undo.set('nack', () => this.#ask({ op: 'nack next', count: 0 }));
    await this.#ask({ op: 'nack next', count: whole('nackNext', count) });
  }

  /** Sends confirms so many ms late, by the broker's clock; 0: at once again, and those that wait. */
  async delayConfirms(milliseconds: number): Promise<void> {
    this.#undo.set('delay', () => this.#ask({ op: 'delay confirms', milliseconds: 0 }));
    await this.#ask({ op: 'delay confirms', milliseconds: whole('delayConfirms', milliseconds) });
  }

  /**
   * Holds publishers back as an alarm does: who publishes gets connection.blocked, and is not heard until `unblock`.
   */
  async block(reason = LOW_ON_MEMORY): Promise<void> {
    this.#undo.set('block', () => this.#ask({ op: 'block', reason: null }));
    await this.#ask({ op: 'block', reason });
  }

  async unblock(): Promise<void> {
    await this.#ask({ op: 'block', reason: null });
  }

  /**
   * From now on no octet passes, either way, and no end is told: heartbeats miss. The broker gives up a client of which
   * it hears nothing for two of its heartbeats, by the machine's clock and, on top of that, by what a manual one is moved.
   */
  async loseNetwork(name?: string): Promise<void> {
    this.#undo.set(`network ${name ?? ''}`, () => this.#ask({ op: 'network', name: name ?? null, isLost: false }));
    await this.#ask({ op: 'network', name: name ?? null, isLost: true });
  }

  /** Octets pass again, those that waited first; connections that the broker has given up end. */
  async restoreNetwork(name?: string): Promise<void> {
    this.#undo.delete(`network ${name ?? ''}`);
    await this.#ask({ op: 'network', name: name ?? null, isLost: false });
  }

  /**
   * Ends the broker as `kill -9` does, and starts it again on the same port with what was on disk: nothing, unless it has
   * `data`. What was asked of it here is forgotten.
   */
  async crashAndRecover(): Promise<void> {
    this.#undo.clear();
    await this.#crash();
  }

  /** Takes back all that was asked for. */
  async clear(): Promise<void> {
    const undo = [...this.#undo.values()];
    this.#undo.clear();
    // The broker may have given up the connection.
    for (const work of undo) await work().catch(() => {});
  }
}

function whole(what: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw new RangeError(`${what} takes a whole number from 0 to 2147483647, not ${value}`);
}
