/**
 * What a migration remembers of a queue, in a file: which messages it has taken, by a digest of each, and which of them it
 * has acknowledged at the source. What must hold: a message is written down before it is published, and its
 * acknowledgement before that is sent; so, whenever this process was killed, a message that the source gives out again is
 * found here. What was written is the system's, and outlasts this process, not a loss of power.
 *
 *   record (40 octets) │ kind │ flags │ - (6) │ number (8) │ id (8) │ digest (16)
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { Delivered } from './deliveries.js';
import { steadyOctets } from './property-octets.js';

const RECORD = 40;
const DIGEST_OCTETS = 16;
const Kind = { BEGUN: 1, TAKEN: 2, ACKED: 3 } as const;
const IS_THERE = 1;
const IS_DOUBTFUL = 2;
/** Acknowledged messages that are remembered: a source that is killed may have forgotten the acknowledgements. */
const REMEMBERED = 65_536;
/** Of so many records the file is written anew. */
const RECORDS_MAX = 4 * REMEMBERED;

export interface Taken {
  /** By which the target knows it. */
  readonly id: number;
  readonly digest: string;
  /** It is at the target, for certain. */
  isThere: boolean;
  /** It may have been there before it got this id, and says so. */
  readonly isDoubtful: boolean;
  /** Which memory of the target knows the id. */
  readonly memory: string;
}

export class Journal {
  readonly #path: string;
  #fd: number;
  #records = 0;
  #pending: Buffer[] = [];
  /** By id, as they were first taken. */
  readonly #taken = new Map<number, Taken>();
  /** Those of this session that are not acknowledged, by number. */
  readonly #open = new Map<number, Taken>();
  #nextNumber = 1;
  #nextId = 1;
  #memory = '';

  private constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'a+', 0o600);
  }

  static open(path: string): Journal {
    const journal = new Journal(path);
    const octets = readFileSync(path);
    // What follows the last whole record was being written when the process was killed.
    for (let at = 0; at + RECORD <= octets.length; at += RECORD) journal.#apply(octets.subarray(at, at + RECORD));
    if (octets.length % RECORD !== 0 || journal.#records > RECORDS_MAX) journal.#rewrite();
    return journal;
  }

  /** All that is remembered, in the order in which it came first. */
  get taken(): Taken[] {
    return [...this.#taken.values()].sort((one, other) => one.id - other.id);
  }

  get memory(): string {
    return this.#memory;
  }

  /** From now on the target knows ids by this memory of its, of 16 octets in hexadecimal. */
  begin(memory: string): void {
    this.#write(Kind.BEGUN, 0, 0, 0, Buffer.from(memory, 'hex'));
  }

  /** Writes a message down; `flush` before it is published. Returns its number. `again`: what it was taken as before. */
  take(digest: string, again: Taken | null, isDoubtful: boolean): { readonly number: number; readonly taken: Taken } {
    const number = this.#nextNumber;
    const id = again?.id ?? this.#nextId;
    const flags = flagsOf({ isThere: again?.isThere === true, isDoubtful });
    this.#write(Kind.TAKEN, flags, number, id, Buffer.from(digest, 'latin1'));
    const taken = this.#taken.get(id);
    if (taken === undefined) throw new Error('what was written is remembered');
    return { number, taken };
  }

  /** All up to this number are at the target; `flush` before the source is told. */
  acknowledge(number: number): void {
    this.#write(Kind.ACKED, 0, number, 0, Buffer.alloc(DIGEST_OCTETS));
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    writeSync(this.#fd, Buffer.concat(this.#pending));
    this.#pending = [];
    if (this.#records > RECORDS_MAX) this.#rewrite();
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #write(kind: number, flags: number, number: number, id: number, digest: Buffer): void {
    const record = recordOf(kind, flags, number, id, digest);
    this.#apply(record);
    this.#pending.push(record);
  }

  #apply(record: Buffer): void {
    this.#records += 1;
    const [kind, flags = 0] = record;
    const number = Number(record.readBigUInt64BE(8));
    const id = Number(record.readBigUInt64BE(16));
    const digest = record.toString('latin1', 24, RECORD);
    switch (kind) {
      case Kind.BEGUN:
        this.#memory = Buffer.from(digest, 'latin1').toString('hex');
        this.#open.clear();
        break;
      case Kind.TAKEN: {
        const taken: Taken = {
          id,
          digest,
          isThere: (flags & IS_THERE) !== 0,
          isDoubtful: (flags & IS_DOUBTFUL) !== 0,
          memory: this.#memory,
        };
        this.#taken.set(id, taken);
        this.#open.set(number, taken);
        this.#nextNumber = Math.max(this.#nextNumber, number + 1);
        this.#nextId = Math.max(this.#nextId, id + 1);
        break;
      }
      case Kind.ACKED:
        for (const [one, taken] of this.#open) {
          if (one > number) break;
          taken.isThere = true;
          this.#open.delete(one);
        }
        this.#forgetOld();
        break;
    }
  }

  #forgetOld(): void {
    if (this.#taken.size <= 2 * REMEMBERED) return;
    const ids = [...this.#taken.values()].filter(({ isThere }) => isThere).map(({ id }) => id);
    for (const id of ids.slice(0, -REMEMBERED)) this.#taken.delete(id);
  }

  /** Writes what counts into a new file, which takes the place of this one. */
  #rewrite(): void {
    const open = new Map([...this.#open].map(([number, taken]) => [taken.id, number]));
    const records: Buffer[] = [];
    let memory: string | null = null;
    const begin = (of: string): void => {
      if (of !== memory) records.push(recordOf(Kind.BEGUN, 0, 0, 0, Buffer.from(of, 'hex')));
      memory = of;
    };
    const add = (taken: Taken, number: number): void => {
      const { id, digest } = taken;
      records.push(recordOf(Kind.TAKEN, flagsOf(taken), number, id, Buffer.from(digest, 'latin1')));
    };
    for (const taken of this.taken) {
      if (open.has(taken.id)) continue;
      begin(taken.memory);
      add(taken, 0);
    }
    // What was taken before this is not meant by the acknowledgements that follow.
    memory = null;
    begin(this.#memory);
    for (const [number, taken] of this.#open) add(taken, number);
    const fresh = `${this.#path}.new`;
    writeFileSync(fresh, Buffer.concat(records), { mode: 0o600 });
    renameSync(fresh, this.#path);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, 'a+', 0o600);
    this.#records = records.length;
  }
}

function flagsOf({ isThere, isDoubtful }: Pick<Taken, 'isThere' | 'isDoubtful'>): number {
  return (isThere ? IS_THERE : 0) | (isDoubtful ? IS_DOUBTFUL : 0);
}

function recordOf(kind: number, flags: number, number: number, id: number, digest: Buffer): Buffer {
  const record = Buffer.alloc(RECORD);
  record[0] = kind;
  record[1] = flags;
  record.writeBigUInt64BE(BigInt(number), 8);
  record.writeBigUInt64BE(BigInt(id), 16);
  digest.copy(record, 24, 0, DIGEST_OCTETS);
  return record;
}

/**
 * What two messages share only if they are the same in every octet; where the source puts in how often they came back, but
 * for that.
 */
export function digestOf(
  { exchange, routingKey, properties: given, body }: Delivered,
  countsDeliveries: boolean,
): string {
  const properties = countsDeliveries ? steadyOctets(given) : given;
  const lengths = Uint32Array.of(exchange.length, routingKey.length, properties.length);
  const hash = createHash('sha256').update(lengths).update(exchange).update(routingKey).update(properties);
  return hash.update(body).digest().toString('latin1', 0, DIGEST_OCTETS);
}
