/**
 * Paging: when memory is scarce, blocks of the deepest queues go to page files, from near the head on; when consumers come near them, or to them, they come back.
 * Publishers are slowed by what they take: they stop when no segment is free, and go on with each that a block has left.
 * What must hold: the order of sources is that of the messages; a block that could not be written stays; one that cannot be read is tried again, since
 * its messages are nowhere else.
 */
import type { Engine, Queue } from '../engine/engine.js';
import type { AbsentSource } from '../store/absent-source.js';
import type { PageFiles, PageImage } from '../store/page-files.js';
import type { ImageSource, Paged, PagedQueues, RecoveredSource, Source } from './paged-queues.js';

/** Share of the memory below which blocks leave, and up to which they do. The core rings at a third. */
const SCARCE = 1 / 3;
const ENOUGH = 0.4;
/** Blocks behind the head that stay, if enough others can leave. */
const MARGINS = [16, 4, 1];
/** Messages are brought back until so many blocks are here, if they take no more than this share of the memory. */
const WINDOW_BLOCKS = 16;
const WINDOW_SHARE = 1 / 16;
/** Blocks that one queue gets before the next has its turn, and reads that are under way at once. */
const BATCH_BLOCKS = 8;
const READS = 3;
/** Blocks that are being written at once. */
const WRITES = 4;
/** When memory is looked for again (ms), and a file that failed. */
const SHORT_MS = 5;
const NOTHING_LEFT_MS = 10;
const FAILED_MS = 1_000;

const WRITTEN = Promise.resolve();

/** An image on its way in: the first part of it is read to staging of its own. */
interface Read {
  readonly source: ImageSource;
  readonly staging: number;
  readonly length: number;
  readonly done: Promise<boolean>;
}

export class Pager {
  readonly #engine: Engine;
  readonly #pages: PageFiles;
  readonly #queues: PagedQueues;
  readonly #onTrouble: (error: Error) => void;
  readonly #wanted = new Set<Queue>();
  /** Recovered queues of which nothing has been brought back yet. */
  readonly #unseen: Queue[] = [];
  readonly #writes = new Set<Promise<void>>();
  #out: Promise<void> | null = null;
  #in: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  /** `onTrouble` is told of files that cannot be written or read. */
  constructor(engine: Engine, pages: PageFiles, queues: PagedQueues, onTrouble: (error: Error) => void) {
    this.#engine = engine;
    this.#pages = pages;
    this.#queues = queues;
    this.#onTrouble = onTrouble;
  }

  /** The first messages of a queue that was just made are in the log: `source` has them. False: no memory. */
  recovered(queue: Queue, source: AbsentSource): boolean {
    if (!this.#engine.setAbsent(queue, source.remaining)) return false;
    if (source.remaining > 0) {
      this.#queues.append(queue, { recovered: source, blockOctets: 0 });
      this.#unseen.push(queue);
    }
    return true;
  }

  /** Works until `stop`. */
  async run(): Promise<void> {
    const engine = this.#engine;
    void this.#showFronts();
    while (!this.#stopped) {
      engine.wake();
      this.#look();
      if (engine.sleep()) await engine.doorbell();
    }
  }

  /** Nothing is under way any more when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await Promise.all([this.#out, this.#in]);
    this.#pages.close();
  }

  /**
   * Brings the first block of each recovered queue back, as long as there is plenty of memory: a message may stand at its front that expires by itself,
   * which nobody would see in a queue that nobody asks.
   */
  async #showFronts(): Promise<void> {
    for (let queue = this.#unseen.shift(); queue !== undefined; queue = this.#unseen.shift()) {
      while (this.#in !== null) await this.#in;
      if (this.#stopped || this.#isBelow(ENOUGH)) return;
      const front = this.#next(queue, 1)
        .catch((error: unknown) => this.#onTrouble(error as Error))
        .then(() => {
          this.#in = null;
          if (!this.#stopped) this.#look();
        });
      this.#in = front;
      await front;
    }
  }

  /** Sees what there is to do, and begins it. */
  #look(): void {
    const engine = this.#engine;
    for (let queue = engine.nextWish(); queue !== 0; queue = engine.nextWish()) this.#wanted.add(queue);
    if (this.#wanted.size > 0 && this.#in === null) {
      this.#in = this.#bringBack().finally(() => {
        this.#in = null;
        if (!this.#stopped) this.#look();
      });
    }
    if (this.#isBelow(SCARCE) && this.#out === null && this.#retry === null) {
      this.#out = this.#sendAway().finally(() => {
        this.#out = null;
      });
    }
  }

  #isBelow(share: number): boolean {
    return this.#engine.memoryFree() < this.#engine.bytes.length * share;
  }

  #lookLater(delay: number): void {
    if (this.#stopped) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#look();
    }, delay).unref();
  }

  // ── Out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #sendAway(): Promise<void> {
    try {
      for (const margin of MARGINS) {
        for (const paged of this.#deepest(margin)) {
          while (this.#isBelow(ENOUGH) && !this.#stopped) if (!(await this.#sendBlock(paged, margin))) break;
        }
      }
      // Those who wait for memory are served when a consumer has made room, or when another block is full.
      if (this.#isBelow(SCARCE)) this.#lookLater(NOTHING_LEFT_MS);
    } catch (error) {
      this.#onTrouble(error as Error);
      this.#lookLater(FAILED_MS);
    }
    await Promise.all(this.#writes);
  }

  /** Queues that have blocks to send away, those with most first. */
  #deepest(margin: number): Paged[] {
    const { slotsPerBlock } = this.#engine;
    const depths: { paged: Paged; depth: number }[] = [];
    for (const paged of this.#queues.all()) {
      const depth = this.#depth(paged.queue, margin);
      if (depth >= slotsPerBlock) depths.push({ paged, depth });
    }
    return depths.sort((a, b) => b.depth - a.depth).map(({ paged }) => paged);
  }

  /** Messages that may leave, at most. */
  #depth(queue: Queue, margin: number): number {
    const engine = this.#engine;
    const absent = engine.absentCount(queue);
    const staying = absent > 0 ? absent + engine.presentCount(queue) : margin * engine.slotsPerBlock;
    return engine.readyCount(queue) - staying;
  }

  /** Sends the next block away. False: none may leave. */
  async #sendBlock({ queue, life }: Paged, margin: number): Promise<boolean> {
    const engine = this.#engine;
    // What is written has freed a segment already, and needs one until it is.
    while (this.#writes.size >= WRITES) await Promise.race(this.#writes);
    if (life.ended) return false;
    const staging = engine.takeStaging();
    if (staging === 0) return false;
    let octets = 0;
    let sent = false;
    try {
      octets = engine.pageOut(queue, margin);
      if (octets === 0) return false;
      const image = this.#pages.place(octets);
      sent =
        octets <= engine.stagingBytes
          ? this.#sendShort(queue, image, staging)
          : await this.#sendLong(queue, image, staging);
      if (!sent) this.#pages.free(image);
    } finally {
      if (!sent) engine.pageOutEnd(false);
      if (!sent || octets > engine.stagingBytes) engine.giveStaging(staging);
    }
    return sent;
  }

  /** An image that fits into staging is away when it is there; it is written while the next ones follow. */
  #sendShort(queue: Queue, image: PageImage, staging: number): boolean {
    const engine = this.#engine;
    const length = engine.pageOutFill(staging, engine.stagingBytes);
    if (length !== image.octets || !engine.pageOutEnd(true)) return false;
    const written = this.#writeShort(image, staging).finally(() => this.#writes.delete(written));
    this.#writes.add(written);
    this.#queues.append(queue, { image, written });
    return true;
  }

  async #writeShort(image: PageImage, staging: number): Promise<void> {
    const part = this.#engine.bytes.subarray(staging, staging + image.octets);
    await this.#persist(() => this.#pages.write(image, 0, part));
    this.#engine.giveStaging(staging);
  }

  async #sendLong(queue: Queue, image: PageImage, staging: number): Promise<boolean> {
    const engine = this.#engine;
    let at = 0;
    for (let length = -1; length !== 0; at += length) {
      length = engine.pageOutFill(staging, engine.stagingBytes);
      if (length > 0) await this.#pages.write(image, at, engine.bytes.subarray(staging, staging + length));
    }
    // Before it is said to be away: then its messages are nowhere but in the image.
    if (at !== image.octets || !engine.pageOutEnd(true)) return false;
    this.#queues.append(queue, { image, written: WRITTEN });
    return true;
  }

  // ── In ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gives each queue that is wanted a number of blocks, in turn. */
  async #bringBack(): Promise<void> {
    for (const queue of this.#wanted) {
      this.#wanted.delete(queue);
      let blocks = 0;
      while (blocks < BATCH_BLOCKS && this.#lacks(queue, 0) > 0 && !this.#stopped) {
        const count = await this.#next(queue, BATCH_BLOCKS - blocks);
        if (count === 0) break;
        blocks += count;
      }
      if (this.#stopped) return;
      // It comes behind the others.
      if (this.#lacks(queue, 0) > 0) this.#wanted.add(queue);
    }
  }

  /** Blocks that a queue lacks in its window, if `coming` are on their way. */
  #lacks(queue: Queue, coming: number): number {
    const engine = this.#engine;
    const next = this.#queues.sources(queue)[coming];
    if (next === undefined) return 0;
    const octets = 'image' in next ? next.image.octets : next.blockOctets || engine.bytes.length;
    const fitting = Math.floor((engine.bytes.length * WINDOW_SHARE) / octets);
    const window = Math.max(1, Math.min(WINDOW_BLOCKS, fitting));
    const present = engine.presentCount(queue) / engine.slotsPerBlock;
    return Math.max(0, Math.ceil(window - present) - coming);
  }

  /** Brings up to `most` blocks of the queue's next source or sources back; returns how many. */
  #next(queue: Queue, most: number): Promise<number> {
    const source = this.#queues.sources(queue)[0];
    if (source === undefined) return Promise.resolve(0);
    return 'image' in source ? this.#readImages(queue, most) : this.#readRecovered(queue, source);
  }

  /** Several images are read at once; they are taken in their order. */
  async #readImages(queue: Queue, most: number): Promise<number> {
    const reads: Read[] = [];
    let blocks = 0;
    let begun = 0;
    let goesOn = true;
    while (goesOn) {
      while (begun < most && reads.length < READS && this.#lacks(queue, reads.length) > 0) {
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
      if (goesOn) blocks += 1;
    }
    // Read in vain: their queue was purged meanwhile, or the broker ends.
    for (const read of reads) {
      await read.done;
      this.#engine.giveStaging(read.staging);
    }
    if (blocks === 0 && begun === 0) await this.#pause(SHORT_MS);
    return blocks;
  }

  /** Null: no memory. */
  #beginRead(source: ImageSource): Read | null {
    const engine = this.#engine;
    const staging = engine.takeStaging();
    if (staging === 0) return null;
    const length = Math.min(engine.stagingBytes, source.image.octets);
    return { source, staging, length, done: source.written.then(() => this.#read(source.image, 0, staging, length)) };
  }

  /** Takes a block whose first part is being read. False: nobody wants it any more. */
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
        break;
      }
      at += more;
      held = rest + more;
    }
    if (!back) engine.pageInEnd(false);
    this.#queues.finish(queue, source);
    return back;
  }

  /** Brings one block of recovered messages back. */
  async #readRecovered(queue: Queue, source: RecoveredSource): Promise<number> {
    const engine = this.#engine;
    const staging = engine.takeStaging();
    if (staging === 0) {
      await this.#pause(SHORT_MS);
      return 0;
    }
    this.#queues.hold(source);
    const wanted = await this.#beginIn(queue, source);
    const back = wanted > 0 && (await this.#fillBlock(queue, source, wanted, staging));
    if (!back) engine.pageInEnd(false);
    engine.giveStaging(staging);
    // The rest of it stays, also when the broker ends: what is dropped is done for good.
    if (this.#queues.isNext(queue, source) && source.recovered.remaining > 0) this.#queues.hold(null);
    else this.#queues.finish(queue, source);
    return back ? 1 : 0;
  }

  async #fillBlock(queue: Queue, source: RecoveredSource, wanted: number, staging: number): Promise<boolean> {
    const engine = this.#engine;
    const target = engine.bytes.subarray(staging, staging + engine.stagingBytes);
    let octets = 0;
    for (let left = wanted; ; ) {
      const filled = await this.#persist(() => source.recovered.fill(left, target));
      if (filled === null || !this.#queues.isNext(queue, source)) return false;
      if (filled.octets === 0) break;
      left -= filled.messages;
      octets += filled.octets;
      if ((await this.#take(queue, source, staging, filled.octets)) !== 0) return false;
    }
    source.blockOctets = octets;
    return engine.pageInEnd(true);
  }

  /** Begins to bring a block back, as soon as there is memory; how many messages it wants, 0: nobody wants them. */
  async #beginIn(queue: Queue, source: Source): Promise<number> {
    for (;;) {
      const wanted = this.#engine.pageIn(queue);
      if (wanted >= 0) return wanted;
      await this.#pause(SHORT_MS);
      if (this.#stopped || !this.#queues.isNext(queue, source)) return 0;
    }
  }

  /** Hands units to the core, as soon as there is memory; moves what is left of them to the beginning and returns its length; −1: nobody wants them. */
  async #take(queue: Queue, source: Source, staging: number, length: number): Promise<number> {
    const engine = this.#engine;
    let at = 0;
    while (at < length) {
      if (this.#stopped || !this.#queues.isNext(queue, source)) return -1;
      const taken = engine.pageInTake(staging + at, length - at);
      if (taken === 0) break;
      if (taken > 0) at += taken;
      else if (taken === -1) await this.#makeRoom();
      else throw new Error(`a block of queue ${queue} is not what was written`);
    }
    engine.bytes.copyWithin(staging, staging + at, staging + length);
    return length - at;
  }

  #makeRoom(): Promise<void> {
    this.#look();
    return this.#pause(SHORT_MS);
  }

  /** False: the broker ends. */
  async #read(image: PageImage, at: number, to: number, length: number): Promise<boolean> {
    const target = this.#engine.bytes.subarray(to, to + length);
    return (await this.#persist(() => this.#pages.read(image, at, target).then(() => true))) ?? false;
  }

  /** Tries again until it goes well. Null: the broker ends. */
  async #persist<T>(attempt: () => Promise<T>): Promise<T | null> {
    while (!this.#stopped) {
      try {
        return await attempt();
      } catch (error) {
        this.#onTrouble(error as Error);
        await this.#pause(FAILED_MS);
      }
    }
    return null;
  }

  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#stopped ? 0 : delay));
  }
}
