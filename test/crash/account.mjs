/**
 * What each queue must hold, may hold and must not hold, kept through all lives of the broker. What must hold: nothing
 * is expected of which the broker has not said so (a confirm, a commit), and nothing is forgiven that it has.
 */

/**
 * sent: not confirmed yet. kept: must be there. maybe: may be there or not (unconfirmed at a crash, purged). acked:
 * acknowledged in this life. unsure: acknowledged in a former life, and not known to have reached the disk.
 * @typedef {'sent' | 'kept' | 'maybe' | 'acked' | 'unsure'} State
 * @typedef {object} Entry
 * @property {string} id publisher:number:size
 * @property {string} publisher
 * @property {number} number
 * @property {number} size
 * @property {number} priority
 * @property {boolean} persistent
 * @property {State} state
 * @property {boolean} delivered what comes next of it must be flagged redelivered
 * @property {boolean} outstanding
 * @property {boolean} purged before its confirm came
 * @property {number} life that it was sent in
 */

export class Fault extends Error {}

/** Fillings of bodies: each message has its own place in it. */
const FILLING = Buffer.alloc(310_000 + 251, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));

/** The body of a message. @param {number} number @param {number} size */
export function bodyOf(number, size) {
  const start = number % 251;
  return FILLING.subarray(start, start + size);
}

export class QueueAccount {
  /** In the order in which they were sent. @type {Map<string, Entry>} */
  entries = new Map();
  /** Why messages are gone. @type {Map<string, string>} */
  #gone = new Map();
  #isPurging = false;
  /** Acknowledged messages that came back, as they may: the ack had not reached the disk. */
  returned = 0;

  /** @param {string} name @param {{ life: number }} clock */
  constructor(name, clock) {
    this.name = name;
    this.clock = clock;
  }

  /** @param {Omit<Entry, 'state' | 'delivered' | 'outstanding' | 'purged' | 'life'>} message */
  sent(message) {
    const life = this.clock.life;
    const state = /** @type {State} */ ('sent');
    /** @type {Entry} */
    const entry = { ...message, state, delivered: false, outstanding: false, purged: this.#isPurging, life };
    this.entries.set(entry.id, entry);
    return entry;
  }

  /** A delivery has come. @param {import('./client.mjs').Delivery} delivery */
  delivered({ id, redelivered, body }) {
    const entry = this.entries.get(id);
    if (entry === undefined) throw this.fault(id, `came although it is gone: ${this.#gone.get(id) ?? 'never sent'}`);
    if (entry.state === 'acked') throw this.fault(id, 'came again after its acknowledgement, in the same life');
    if (entry.outstanding) throw this.fault(id, 'came twice');
    if (entry.delivered && !redelivered) throw this.fault(id, `is not flagged redelivered (${describe(entry)})`);
    if (body.length !== entry.size || !body.equals(bodyOf(entry.number, entry.size))) {
      throw this.fault(id, `has another body, of ${body.length} octets`);
    }
    if (entry.state === 'unsure') this.returned += 1;
    if (entry.state !== 'sent') entry.state = this.#isPurging ? 'maybe' : 'kept';
    entry.delivered = true;
    entry.outstanding = true;
    return entry;
  }

  /** All that it holds was looked at, in order. @param {readonly Entry[]} seen */
  verify(seen) {
    /** @type {Map<string, Entry>} */
    const last = new Map();
    let priority = Number.POSITIVE_INFINITY;
    for (const [position, entry] of seen.entries()) {
      const line = `${entry.publisher} ${entry.priority}`;
      const before = last.get(line);
      if (before !== undefined && before.number >= entry.number) {
        throw this.fault(entry.id, `came at position ${position}, after ${before.id}`);
      }
      if (entry.priority > priority)
        throw this.fault(entry.id, `of priority ${entry.priority} came at ${position}, after ${priority}`);
      priority = entry.priority;
      last.set(line, entry);
    }
    const there = new Set(seen.map(({ id }) => id));
    /** @type {Entry[]} */
    const lost = [];
    for (const entry of this.entries.values()) {
      if (there.has(entry.id) || entry.state === 'acked') continue;
      if (entry.state === 'kept') lost.push(entry);
      else this.gone(entry, `was not there in life ${this.clock.life}, ${entry.state}`);
    }
    const [first] = lost;
    if (first !== undefined) {
      throw this.fault(
        first.id,
        `is lost, and ${lost.length - 1} others up to ${lost.at(-1)?.id} (${describe(first)}; ${seen.length} were there)`,
      );
    }
  }

  /** @param {Entry} entry @param {string} why */
  gone(entry, why) {
    this.entries.delete(entry.id);
    this.#gone.set(entry.id, `${why} (${describe(entry)})`);
  }

  /** It was emptied while nobody else worked with it, and the broker has said so. */
  emptied() {
    for (const entry of this.entries.values()) {
      // What was acknowledged was not in it any more, and may come back as it might have without the purge.
      if (entry.state !== 'acked') this.gone(entry, `purged in life ${this.clock.life}`);
    }
  }

  /**
   * Somebody asks to have it purged while others work with it: from now on until the answer, or the broker's end,
   * whatever is in it may go. What is in a client's hands stays.
   */
  purging() {
    this.#isPurging = true;
    this.#mayGo();
  }

  /** That was answered. */
  purged() {
    this.#mayGo();
    this.#isPurging = false;
  }

  #mayGo() {
    for (const entry of this.entries.values()) {
      if (entry.state === 'sent') entry.purged = true;
      else if (entry.state === 'kept') entry.state = 'maybe';
    }
  }

  deleted() {
    for (const entry of this.entries.values()) this.gone(entry, `queue deleted in life ${this.clock.life}`);
  }

  /**
   * The broker has ended: in order, by a kill, or by one before it listened, so that nobody was given anything. @param
   * {'stopped' | 'killed' | 'early'} how
   */
  ended(how) {
    this.#isPurging = false;
    for (const entry of this.entries.values()) {
      entry.outstanding = false;
      if (!entry.persistent) this.gone(entry, 'transient, and the broker had ended');
      else if (entry.state === 'sent') entry.state = 'maybe';
      else if (entry.state === 'acked') entry.state = 'unsure';
      if (how === 'killed') entry.delivered = true;
    }
  }

  /** @param {string} id @param {string} what */
  fault(id, what) {
    return new Fault(`life ${this.clock.life}, queue ${this.name}: message ${id} ${what}`);
  }
}

/** A confirm or commit has come. @param {readonly Entry[]} entries */
export function confirmed(entries) {
  for (const entry of entries) if (entry.state === 'sent') entry.state = entry.purged ? 'maybe' : 'kept';
}

/** @param {Entry} entry */
function describe({ state, life, priority, persistent }) {
  return `${state}, sent in life ${life}, priority ${priority}, ${persistent ? 'persistent' : 'transient'}`;
}
