/**
 * A network that carries nothing any more between the broker and one client, either way, while both ends believe in the
 * connection: no FIN, no reset. What the broker writes is taken as a system takes it, up to what a send buffer holds.
 * When the broker gives the connection up, its socket stays as it is, so that the client hears nothing of that either.
 * What must hold: what was written meanwhile, and not given up, arrives in its order when the network is back.
 */
import type { Transport, TransportEvents } from '../transport/transport.js';

/** What is taken of what goes nowhere (octets), as much as systems take. */
const SEND_BUFFER = 4 * 1024 * 1024;

/** A transport whose methods can be put in the place of others. */
type Replaceable = { -readonly [K in keyof Transport]: Transport[K] };

export class LostNetwork {
  readonly #transport: Replaceable;
  readonly #events: TransportEvents;
  readonly #memory: Uint8Array;
  readonly #kept: Uint8Array[] = [];
  #keptOctets = 0;
  /** Chunks from memory that are not taken. */
  #untaken = 0;
  #hasEnded = false;
  #isGivenUp = false;

  /** `memory`: what chunks are in. From now on nothing comes and nothing goes. */
  constructor(transport: Transport, events: TransportEvents, memory: Uint8Array) {
    this.#transport = transport;
    this.#events = events;
    this.#memory = memory;
    transport.pause();
    // Own properties, before those of its class: other connections have none.
    this.#transport.resume = () => {};
    this.#transport.cork = () => {};
    this.#transport.uncork = () => {};
    this.#transport.write = (bytes) => this.#keep(bytes);
    this.#transport.writeFromMemory = (offset, length) => {
      this.#keep(this.#memory.subarray(offset, offset + length));
      if (this.#keptOctets <= SEND_BUFFER) return true;
      this.#untaken += 1;
      return false;
    };
    this.#transport.end = () => {
      this.#hasEnded = true;
    };
    this.#transport.destroy = () => this.#giveUp();
  }

  #keep(bytes: Uint8Array): void {
    this.#kept.push(bytes.slice());
    this.#keptOctets += bytes.length;
  }

  #giveUp(): void {
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    setImmediate(() => this.#events.onClosed());
  }

  /** The network is back. A connection that was given up meanwhile is closed. */
  restore(): void {
    const transport = this.#transport as Partial<Replaceable>;
    for (const name of ['resume', 'cork', 'uncork', 'write', 'writeFromMemory', 'end', 'destroy'] as const)
      delete transport[name];
    if (this.#isGivenUp) return this.#transport.destroy();
    for (const bytes of this.#kept) this.#transport.write(bytes);
    if (this.#hasEnded) this.#transport.end();
    this.#transport.resume();
    for (; this.#untaken > 0; this.#untaken--) this.#events.onWritten();
  }
}
