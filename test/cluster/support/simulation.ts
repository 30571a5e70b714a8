/** One run of nodes at random over the stream in memory: what a seed gives is always the same. */
import { CHAIN_START, type ChainPosition } from '../../../src/cluster/records/link.js';
import { RecordError } from '../../../src/cluster/records/record-error.js';
import { RecordReader } from '../../../src/cluster/records/record-reader.js';
import { standingOf } from '../../../src/cluster/records/standing.js';
import { byChance, type FaultRates } from '../../../src/cluster/stream/memory-faults.js';
import { MemoryStream } from '../../../src/cluster/stream/memory-stream.js';
import { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import { LogNode, textOf } from './log-node.js';

/** ms of virtual time: with faults, and then in peace. */
const ROUGH_TIME = 1500;
const PEACE = 4000;
const MESSAGE_MAX = 160;
const IN_FLIGHT = 4;
const RATES: FaultRates = {
  interval: 50,
  stall: 0.05,
  election: 0.03,
  partition: 0.06,
  regression: 0,
  regressionMax: 0,
};
const REGRESSIONS: FaultRates = { ...RATES, regression: 0.02, regressionMax: 20 };

export interface Outcome {
  /** Null: all that must hold held. */
  readonly broken: string | null;
  readonly confirmed: number;
  readonly fences: number;
  readonly strays: number;
  readonly deposed: number;
  /** Nodes, or a reader of all, that have noticed that the stream has gone back. */
  readonly noticed: number;
}

export function simulate(seed: number, mode: 'faults' | 'regressions'): Outcome {
  return new Run(seed, mode).play();
}

/** What one life of a node was told, and read: behind so many records that it had read before. */
interface Life {
  readonly node: LogNode;
  readonly before: number;
}

/** What counts in the end, to who reads all of it. */
interface Truth {
  readonly records: readonly { readonly text: string; readonly sequence: number; readonly epoch: number }[];
  readonly strays: number;
  /** Where reading has ended. */
  readonly error: RecordError | null;
}

class Run {
  readonly #random: () => number;
  readonly #clock = new VirtualClock();
  readonly #stream: MemoryStream;
  readonly #lives: Life[] = [];
  #isOver = false;
  #written = 0;
  #nextMessage: Uint8Array | null = null;
  #deposed = 0;

  constructor(
    seed: number,
    private readonly mode: 'faults' | 'regressions',
  ) {
    const random = randomFrom(seed);
    this.#random = random;
    const timing = { delay: [0.5, 5], timeout: 300, election: [50, 600] } as const;
    this.#stream = new MemoryStream({ clock: this.#clock, random, timing, messageOctetsMax: MESSAGE_MAX });
    const { chances } = this.#stream;
    for (const chance of ['lostRequest', 'lostAnswer', 'refused'] as const) {
      chances[chance] = random() < 0.5 ? 0 : random() * 0.2;
    }
  }

  play(): Outcome {
    for (const name of ['a', 'b', 'c']) this.#start(name, CHAIN_START, 0);
    const rates = this.mode === 'faults' ? RATES : REGRESSIONS;
    const endFaults = byChance(this.#stream, this.#clock, this.#random, rates);
    this.#clock.runUntil(ROUGH_TIME);
    this.#isOver = true;
    endFaults();
    Object.assign(this.#stream.chances, { lostRequest: 0, lostAnswer: 0, refused: 0 });
    this.#clock.runUntil(ROUGH_TIME + PEACE);
    if (this.mode === 'regressions') this.#leadAnew();
    return this.#judge();
  }

  /** Somebody who has read what is there leads, and has a message to write. */
  #leadAnew(): void {
    const node = new LogNode('z', this.#stream.connect('z'), this.#clock);
    this.#clock.runUntil(this.#clock.now() + PEACE);
    node.lead();
    this.#clock.runUntil(this.#clock.now() + PEACE);
    this.#nextMessage = node.role === 'leads' ? node.prepare('next') : null;
  }

  #start(name: string, position: ChainPosition, before: number): void {
    const handle = this.#stream.connect(name);
    const node = new LogNode(name, handle, this.#clock, position);
    this.#lives.push({ node, before });
    const act = () => {
      if (this.#isOver) return;
      if (node.role === 'failed' || this.#random() < 0.01) {
        // As after a kill: what it had read stays, what it had in flight may come in.
        node.end();
        handle.close().catch(() => {});
        if (node.error === null) this.#start(name, node.position, before + node.records.length);
        return;
      }
      this.#step(node);
      this.#clock.after(5 + this.#random() * 40, act);
    };
    this.#clock.after(this.#random() * 20, act);
  }

  #step(node: LogNode): void {
    if (node.role === 'follows' && this.#random() < 0.05) node.lead();
    else if (node.role === 'leads' && this.#random() < 0.02) node.standBy();
    else if (node.role === 'leads') {
      for (let count = 1 + Math.floor(this.#random() * 3); count > 0 && node.inFlight < IN_FLIGHT; count--) {
        const long = this.#random() < 0.1 ? 'x'.repeat(Math.floor(this.#random() * 400)) : '';
        node.write(`${this.#written++}${long}`);
      }
    } else if (node.role === 'deposed') {
      this.#deposed += 1;
      node.standBy();
    }
  }

  #judge(): Outcome {
    const truth = this.#readAll();
    const nodes = this.#lives.map(({ node }) => node);
    const failed = nodes.filter(({ error }) => error !== null).length;
    return {
      broken: this.mode === 'faults' ? this.#brokenPromise(truth) : this.#unnoticed(truth),
      confirmed: nodes.reduce((sum, { confirmed }) => sum + confirmed.length, 0),
      fences: truth.records.filter(({ text }) => text.includes(' fence ')).length,
      strays: truth.strays,
      deposed: this.#deposed,
      noticed: failed + (truth.error === null ? 0 : 1),
    };
  }

  /** All that counts, by a reader that has seen nothing before. */
  #readAll(): Truth {
    const reader = new RecordReader();
    const records: { text: string; sequence: number; epoch: number }[] = [];
    let strays = 0;
    let error: RecordError | null = null;
    try {
      for (let sequence = 1; sequence <= this.#stream.last; sequence++) {
        const reading = reader.read(sequence, this.#stream.at(sequence) ?? new Uint8Array());
        if (reading.kind === 'stray') strays += 1;
        else if (reading.kind === 'record') {
          records.push({ text: textOf(reading.record), sequence, epoch: reading.record.epoch });
        }
      }
    } catch (thrown) {
      if (!(thrown instanceof RecordError)) throw thrown;
      error = thrown;
    }
    return { records, strays, error };
  }

  #brokenPromise({ records, error }: Truth): string | null {
    if (error !== null) return `a fresh reader fails: ${error.message}`;
    const at = new Map(records.map(({ text }, index) => [text, index]));
    if (at.size !== records.length) return 'a record counts twice';
    for (const [index, { epoch }] of records.entries()) {
      if (epoch < (records[index - 1]?.epoch ?? 0))
        return `record ${index} of epoch ${epoch} stands behind a later fence`;
    }
    for (const { node, before } of this.#lives) {
      if (node.error !== null) return `a node fails: ${node.error.message}`;
      for (const [index, text] of node.records.entries()) {
        if (records[before + index]?.text !== text) return `a node has read '${text}' as record ${before + index}`;
      }
      let last = -1;
      for (const { text, sequence } of node.confirmed) {
        const index = at.get(text);
        if (index === undefined) return `'${text}' was confirmed, and is not there`;
        if (records[index]?.sequence !== sequence)
          return `'${text}' was confirmed as ${sequence}, and stands elsewhere`;
        if (index <= last) return `'${text}' is out of order`;
        last = index;
      }
      // In peace who follows has read all.
      if (node.role === 'follows' && node.last !== this.#stream.last) return `a node is at ${node.last} for ever`;
      if (node.role === 'leads' && node.inFlight > 0) return `a leader has ${node.inFlight} in flight for ever`;
    }
    return null;
  }

  /** A node that goes on as if nothing had happened, and has read what is not there. */
  #unnoticed({ records, error }: Truth): string | null {
    if (error !== null) return null;
    for (const { node, before } of this.#lives) {
      if (node.error !== null || node.role === 'ended') continue;
      const isSame = node.records.every((text, index) => records[before + index]?.text === text);
      if (!isSame && !this.#isNoticed(node)) return `a node has read what is not there, and does not notice`;
    }
    return null;
  }

  /** It ends behind the stream's end, or another message stands where it has read, or it refuses the next one. */
  #isNoticed(node: LogNode): boolean {
    const { position } = node;
    try {
      const { first, last } = this.#stream;
      const octets = this.#stream.at(position.counted) ?? null;
      if (standingOf(position, { first, last }, octets) === 'behind') return true;
    } catch (error) {
      return error instanceof RecordError;
    }
    return this.#nextMessage !== null && node.refuses(this.#nextMessage);
  }
}
