/**
 * Messages on their way back from spill files, and from the log after a restart, a portion of a queue at a time. What
 * must hold: they come in the order of their queue's sources; what cannot be read is tried again, since its messages
 * are nowhere else.
 */
import { Counter, type Engine, type Queue } from '../../engine/engine.js';
import { PAGE_IN_NO_MEMORY } from '../../engine/spill.js';
import type { Retries } from './retry.js';
import type { SpillFiles, SpillImage } from './spill-files.js';
import type { ImageSource, RecoveredSource, Source, SpilledQueues } from './spilled-queues.js';

/**
 * Messages are brought back until so many blocks are here, if those of all queues that want some take no more than this
 * share of the memory.
 */
const WINDOW_BLOCKS = 16;
const WINDOW_SHARE = 1 / 16;
/** What comes back to stay leaves so much of the memory to others. */
const FREE_SHARE = 1 / 2;
/** Reads that are under way at once. */
const READS = 3;
/** When memory is looked for again (ms). */
const SHORT_MS = 5;

/** An image on its way in: the first part of it is read to staging of its own. */
interface Read {
  readonly source: ImageSource;
  readonly staging: number;
  readonly length: number;
  readonly done: Promise<boolean>;
}

export class PageIn {
  readonly #engine: Engine;
  readonly #files: SpillFiles;
  readonly #queues: SpilledQueues;
  readonly #retries: Retries;
  readonly #onShort: () => void;
  /** Queues that want messages back, the one that is served among them. */
  wanting = 1;

  /** `onShort`: there is no memory for what comes back. */
  constructor(engine: Engine, files: SpillFiles, queues: SpilledQueues, retries: Retries, onShort: () => void) {
    this.#engine = engine;
    this.#files = files;
    this.#queues = queues;
    this.#retries = retries;
    this.#onShort = onShort;
  }

  /** Whether a queue's window has room for its next portion, if `coming` are on their way. */
  lacks(queue: Queue, coming: number): boolean {
    const engine = this.#engine;
    const sources = this.#queues.sources(queue);
    const next = sources[coming];
    if (next === undefined) return false;
    // It is asked for again and again.
    if ('recovered' in next && next.stay && engine.memoryFree() < engine.bytes.length * FREE_SHARE) return false;
    const { octets, messages } = sizeOf(next);
    const share = (engine.bytes.length * WINDOW_SHARE) / this.wanting;
    const fitting = messages === 0 ? 0 : Math.floor((share / octets) * messages);
    let present = engine.presentCount(queue);
    for (const source of sources.slice(0, coming)) present += sizeOf(source).messages;
    return present < Math.max(1, Math.min(WINDOW_BLOCKS * engine.slotsPerBlock, fitting));
  }

  /** Brings up to `most` portions of the queue's next source or sources back; returns how many. */
  next(queue: Queue, most: number): Promise<number> {
    const source = this.#queues.sources(queue)[0];
    if (source === undefined) return Promise.resolve(0);
    return 'image' in source ? this.#readImages(queue, most) : this.#readRecovered(queue, source);
  }

  /** Several images are read at once; they are taken in their order. */
  async #readImages(queue: Queue, most: number): Promise<number> {
    const reads: Read[] = [];
    let portions = 0;
    let begun = 0;
    let goesOn = true;
    while (goesOn) {
      while (begun < most && reads.length < READS && this.lacks(queue, reads.length)) {
        const source = this.#queues.sources(queue)[reads.length];
        if (source === undefined || !('image' in source)) break;
        const read = this.#beginRead(source);
        if (read === null) break;
        reads.push(read);
        begun += 1;
      }
      const read = reads.shift();
      if (read === undefined) break;
      goesOn = await this.#takeImage(queue, read);
      this.#engine.giveStaging(read.staging);
      if (goesOn) portions += 1;
    }
    // Read in vain: their queue was purged meanwhile, or the broker ends.
    for (const read of reads) {
      await read.done;
      this.#engine.giveStaging(read.staging);
    }
    if (portions === 0 && begun === 0) await this.#makeRoom();
    return portions;
  }

  /** Null: no memory. */
  #beginRead(source: ImageSource): Read | null {
    const engine = this.#engine;
    const staging = engine.takeStaging();
    if (staging === 0) return null;
    const length = Math.min(engine.stagingBytes, source.image.octets);
    return { source, staging, length, done: source.written.then(() => this.#read(source.image, 0, staging, length)) };
  }

  /** Takes a portion whose first part is being read. False: nobody wants it any more. */
  async #takeImage(queue: Queue, read: Read): Promise<boolean> {
    const engine = this.#engine;
    const { source, staging } = read;
    const { image } = source;
    if (!(await read.done) || !this.#queues.isNext(queue, source)) return false;
    this.#queues.hold(source);
    let back = (await this.#beginIn(queue, source)) > 0;
    for (let at = read.length, held = at; back; ) {
      const rest = await this.#take(queue, source, staging, held);
      const more = Math.min(engine.stagingBytes - rest, image.octets - at);
      back = rest >= 0 && more > 0 && (await this.#read(image, at, staging + rest, more));
      if (rest === 0 && more === 0) {
        back = engine.pageInEnd(true);
        engine.count(Counter.PAGED_IN, source.messages);
        break;
      }
      at += more;
      held = rest + more;
    }
    if (!back) engine.pageInEnd(false);
    this.#queues.finish(queue, source);
    return back;
  }

  /** Brings the next of the recovered messages back: what fits into staging, or one that is longer. */
  async #readRecovered(queue: Queue, source: RecoveredSource): Promise<number> {
    const engine = this.#engine;
    const staging = engine.takeStaging();
    if (staging === 0) {
      await this.#makeRoom();
      return 0;
    }
    this.#queues.hold(source);
    const wanted = await this.#beginIn(queue, source);
    const back = wanted > 0 && (await this.#fill(queue, source, wanted, staging));
    if (!back) engine.pageInEnd(false);
    engine.giveStaging(staging);
    // The rest of it stays, also when the broker ends: what is dropped is done for good.
    if (this.#queues.isNext(queue, source) && source.recovered.remaining > 0) this.#queues.hold(null);
    else this.#queues.finish(queue, source);
    return back ? 1 : 0;
  }

  async #fill(queue: Queue, source: RecoveredSource, wanted: number, staging: number): Promise<boolean> {
    const engine = this.#engine;
    const target = engine.bytes.subarray(staging, staging + engine.stagingBytes);
    let octets = 0;
    let messages = 0;
    // Of a message that has begun the rest belongs to it.
    for (let most = wanted; ; most = 0) {
      const filled = await this.#retries.persist(() => source.recovered.fill(most, target));
      if (filled === null || !this.#queues.isNext(queue, source)) return false;
      if (filled.octets === 0) break;
      messages += filled.messages;
      octets += filled.octets;
      if ((await this.#take(queue, source, staging, filled.octets)) !== 0) return false;
    }
    source.portion = { octets, messages };
    return engine.pageInEnd(true);
  }

  /** Begins to bring messages back, as soon as there is memory; how many are wanted, 0: nobody wants them. */
  async #beginIn(queue: Queue, source: Source): Promise<number> {
    for (;;) {
      const wanted = this.#engine.pageIn(queue);
      if (wanted >= 0) return wanted;
      await this.#makeRoom();
      if (this.#retries.stopped || !this.#queues.isNext(queue, source)) return 0;
    }
  }

  /**
   * Hands units to the core, as soon as there is memory; moves what is left of them to the beginning and returns its
   * length; −1: nobody wants them.
   */
  async #take(queue: Queue, source: Source, staging: number, length: number): Promise<number> {
    const engine = this.#engine;
    let at = 0;
    while (at < length) {
      if (this.#retries.stopped || !this.#queues.isNext(queue, source)) return -1;
      const taken = engine.pageInTake(staging + at, length - at);
      if (taken === 0) break;
      if (taken > 0) at += taken;
      else if (taken === PAGE_IN_NO_MEMORY) await this.#makeRoom();
      else throw new Error(`a portion of queue ${queue} is not what was written`);
    }
    engine.bytes.copyWithin(staging, staging + at, staging + length);
    return length - at;
  }

  #makeRoom(): Promise<void> {
    this.#onShort();
    return this.#retries.pause(SHORT_MS);
  }

  /** False: the broker ends. */
  async #read(image: SpillImage, at: number, to: number, length: number): Promise<boolean> {
    const target = this.#engine.bytes.subarray(to, to + length);
    return (await this.#retries.persist(() => this.#files.read(image, at, target).then(() => true))) ?? false;
  }
}

/** What a source gives at a time; nothing is known before the first. */
function sizeOf(source: Source): { readonly octets: number; readonly messages: number } {
  return 'image' in source ? { octets: source.image.octets, messages: source.messages } : source.portion;
}
