/**
 * What time does to a connection: heartbeats both ways, deadlines of the handshakes, writes that get stuck. Pure: it is
 * told the time and the transport's counters at every tick, and answers with what is due.
 */

/** How often connections are looked at (ms): fine enough for heartbeats of one second, sent every half. */
export const TICK_MS = 250;

/** How long the other side may take to answer connection.close. */
const CLOSE_MS = 3_000;
/** The same, for who was not let in: many of them must not keep many sockets. */
const REFUSED_MS = 1_000;
/** How long a write may make no progress. */
const STUCK_WRITE_MS = 30_000;

export type Due = 'nothing' | 'heartbeat' | 'drop';

/** What a transport has counted, as of now. */
export interface Traffic {
  readonly bytesRead: number;
  readonly bytesSent: number;
  /** Whether bytes wait that the other side has not taken. */
  readonly sending: boolean;
  /** False while we ourselves do not read: its silence says nothing then. */
  readonly reading: boolean;
}

export class Heartbeat {
  readonly #handshakeMs: number;
  #phase: 'handshake' | 'running' | 'closing' = 'handshake';
  #closeMs = CLOSE_MS;
  #since: number;
  #intervalMs = 0;
  #bytesRead = 0;
  #readAt: number;
  #bytesSent = 0;
  #sentAt: number;
  #progressAt: number;

  /** `handshakeMs`: how long the handshake may take. */
  constructor(now: number, handshakeMs: number) {
    this.#handshakeMs = handshakeMs;
    this.#since = now;
    this.#readAt = now;
    this.#sentAt = now;
    this.#progressAt = now;
  }

  /** The handshake is over; `heartbeat` is in seconds, 0 for none. */
  run(now: number, heartbeat: number): void {
    this.#phase = 'running';
    this.#intervalMs = heartbeat * 1000;
    this.#readAt = now;
    this.#sentAt = now;
  }

  /** The connection has begun to close. */
  close(now: number): void {
    if (this.#phase === 'closing') return;
    if (this.#phase === 'handshake') this.#closeMs = REFUSED_MS;
    this.#phase = 'closing';
    this.#since = now;
  }

  tick(now: number, traffic: Traffic): Due {
    this.#count(now, traffic);
    if (now - this.#progressAt >= STUCK_WRITE_MS) return 'drop';
    switch (this.#phase) {
      case 'handshake':
        return now - this.#since >= this.#handshakeMs ? 'drop' : 'nothing';
      case 'closing':
        return now - this.#since >= this.#closeMs ? 'drop' : 'nothing';
      case 'running':
        return this.#beat(now);
      default:
        return this.#phase satisfies never;
    }
  }

  #count(now: number, traffic: Traffic): void {
    if (traffic.bytesRead !== this.#bytesRead || !traffic.reading) this.#readAt = now;
    if (traffic.bytesSent !== this.#bytesSent) this.#sentAt = now;
    if (traffic.bytesSent !== this.#bytesSent || !traffic.sending) this.#progressAt = now;
    this.#bytesRead = traffic.bytesRead;
    this.#bytesSent = traffic.bytesSent;
  }

  #beat(now: number): Due {
    if (this.#intervalMs === 0) return 'nothing';
    if (now - this.#readAt >= 2 * this.#intervalMs) return 'drop';
    if (now - this.#sentAt < this.#intervalMs / 2) return 'nothing';
    this.#sentAt = now;
    return 'heartbeat';
  }
}
