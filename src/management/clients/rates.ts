/**
 * Octets a second of each connection, between two samples that lie some seconds apart. What must hold: nothing is kept
 * of connections that are gone.
 */
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { ConnectionRow } from '../../connection/inspection/rows.js';

/** How far samples lie apart at least (ms): RabbitMQ's interval. */
export const SAMPLE_MS = 5_000;
/** A timer may be early. */
const TOLERANCE_MS = 100;

/** Octets a second. */
export interface OctetRates {
  readonly received: number;
  readonly sent: number;
}

type Counted = Pick<ConnectionRow, 'id' | 'received' | 'sent'>;

interface Sample extends Counted {
  readonly at: number;
  readonly rates: OctetRates;
}

const NONE: OctetRates = { received: 0, sent: 0 };

export class Rates {
  readonly #samples = new Map<ConnectionId, Sample>();

  /** As last sampled. */
  of({ id }: Counted): OctetRates {
    return this.#samples.get(id)?.rates ?? NONE;
  }

  /** Samples, if it is time to (`now` in ms). */
  sample({ id, received, sent }: Counted, now: number): OctetRates {
    const last = this.#samples.get(id);
    if (last !== undefined && now - last.at < SAMPLE_MS - TOLERANCE_MS) return last.rates;
    const rates = last === undefined ? NONE : between(last, { id, received, sent }, now - last.at);
    this.#samples.set(id, { id, received, sent, at: now, rates });
    return rates;
  }

  keepOnly(ids: ReadonlySet<ConnectionId>): void {
    for (const id of this.#samples.keys()) if (!ids.has(id)) this.#samples.delete(id);
  }
}

function between(last: Counted, next: Counted, ms: number): OctetRates {
  return { received: perSecond(next.received - last.received, ms), sent: perSecond(next.sent - last.sent, ms) };
}

function perSecond(octets: number, ms: number): number {
  return Math.round((octets * 10_000) / ms) / 10;
}
