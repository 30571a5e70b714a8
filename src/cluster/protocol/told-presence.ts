/**
 * Presence by what nodes tell each other in octets: a status as JSON. What must hold: a node of a newer version may
 * tell more, which is passed over; what is no status is, too, and harms nobody.
 */
import type { Telling } from '../stream/telling.js';
import type { MemberStatus, Presence } from './presence.js';

/** A status has names, an address and a sentence; what is longer is none. */
const OCTETS_MAX = 8192;

const STATES: Readonly<Record<MemberStatus['state'], true>> = {
  'catching-up': true,
  standby: true,
  candidate: true,
  leader: true,
  deposed: true,
  failed: true,
  stopped: true,
  copying: true,
};

export class ToldPresence implements Presence {
  constructor(
    private readonly telling: Telling,
    /** What could not be closed in order. */
    private readonly onError: (error: Error) => void,
  ) {}

  publish(status: MemberStatus): void {
    this.telling.tell(Buffer.from(JSON.stringify(status)));
  }

  onStatus(listener: (status: MemberStatus) => void): void {
    this.telling.onTold((octets) => {
      const status = readStatus(octets);
      if (status !== null) listener(status);
    });
  }

  close(): void {
    this.telling.close().catch(this.onError);
  }
}

/** Null: that is none. */
export function readStatus(octets: Uint8Array): MemberStatus | null {
  if (octets.length > OCTETS_MAX) return null;
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8'));
  } catch {
    return null;
  }
  if (typeof told !== 'object' || told === null) return null;
  const { name, version, address, state, epoch, read, applied, trouble, leaves } = told as Record<string, unknown>;
  const isStatus =
    isText(name) &&
    name.length > 0 &&
    isText(version) &&
    (address === null || isText(address)) &&
    isState(state) &&
    isCount(epoch) &&
    isCount(read) &&
    isCount(applied) &&
    (trouble === null || isText(trouble));
  if (!isStatus) return null;
  return { name, version, address, state, epoch, read, applied, trouble, leaves: leaves === true };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isState(value: unknown): value is MemberStatus['state'] {
  return isText(value) && Object.hasOwn(STATES, value);
}
