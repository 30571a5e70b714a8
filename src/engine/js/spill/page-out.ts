/**
 * Messages on their way out of memory, a portion of one block: their slots are SPILLED while their image is written, so
 * nobody claims them. What must hold: if consumers have come to them by the end they stay, since they would have to
 * wait for what is still here.
 */
import { SLOTS } from '../../../numbers/core.js';
import { Block, QueueCell, Slot, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { recordId } from '../memory/record-heads.js';
import type { Units } from '../memory/spill-units.js';
import { at32, at64, double, word } from '../memory/views.js';
import type { GapBlocks, Portion } from '../queues/gap-blocks.js';
import type { QueueContents } from '../queues/queue-contents.js';
import { withQueue } from '../queues/queue-lock.js';
import type { Waiters } from '../queues/waiters.js';

export class PageOut {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #contents: QueueContents;
  readonly #gapBlocks: GapBlocks;
  readonly #units: Units;
  readonly #waiters: Waiters;
  #queue = 0;
  #chain = 0;
  #portion: Portion = { block: 0, first: 0, end: 0, isAtHead: false };
  /** The next slot to be written out, and the next piece of the message before it. */
  #index = 0;
  #piece = 0;

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    gapBlocks: GapBlocks,
    units: Units,
    waiters: Waiters,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#contents = contents;
    this.#gapBlocks = gapBlocks;
    this.#units = units;
    this.#waiters = waiters;
  }

  /** Begins with what may leave next (engine.ts: pageOut); the octets of its image, 0: nothing may. */
  begin(queueOrChain: number, margin: number, least: number, most: number): number {
    if (this.#queue !== 0) return 0;
    const queue = this.#contents.chains.queueOf(queueOrChain);
    return withQueue(this.#memory, queue, () => {
      if (this.#contents.isRetired(queue)) return 0;
      const chain = this.#contents.chains.chainOf(queueOrChain);
      const portion = this.#gapBlocks.candidate(chain, margin);
      if (portion === null) return 0;
      const { first } = portion;
      if (portion.isAtHead && this.#messages.firstPiece(this.#messageIn(portion.block, first)) === 0) {
        // The first message stays, unless it is long.
        portion.first += 1;
        portion.isAtHead = false;
      }
      const octets = this.#measure(portion, least, most);
      if (octets === 0) return 0;
      if (first !== portion.first) this.#move(this.#contents.blocks.slot(portion.block, first));
      this.#gapBlocks.setStates(portion.block, portion.first, portion.end, SlotState.SPILLED);
      this.#queue = queue;
      this.#chain = chain;
      this.#portion = portion;
      this.#index = portion.first;
      this.#piece = 0;
      return octets;
    });
  }

  /** Puts a message where others lie that stay long, so that it does not keep the segment of those that leave. */
  #move(slot: number): void {
    const moved = this.#messages.move(this.#contents.blocks.message(slot));
    if (moved !== 0) this.#memory.u32[word(slot, Slot.MESSAGE)] = moved;
  }

  /** Octets of the image; 0: it is too little. What is too much stays. */
  #measure(portion: Portion, least: number, most: number): number {
    let octets = 0;
    let index = portion.first;
    for (; index < portion.end; index++) {
      const more = this.#units.imageSize(this.#messageIn(portion.block, index));
      if (index > portion.first && octets + more > most) break;
      octets += more;
    }
    if (index < SLOTS && index === portion.end && octets < least) return 0;
    portion.end = index;
    return octets;
  }

  /** Writes whole units; returns octets, 0 at the end. */
  fill(offset: number, length: number): number {
    if (this.#queue === 0) return 0;
    const end = offset + length;
    let at = offset;
    while (this.#piece !== 0 || this.#index < this.#portion.end) {
      const message = this.#piece === 0 ? this.#messageAt(this.#index) : 0;
      const size = message === 0 ? this.#messages.pieceSize(this.#piece) : this.#messages.messageSize(message);
      if (at + this.#units.spanFor(size) > end) break;
      at = message === 0 ? this.#writePiece(at) : this.#writeMessage(at, message);
    }
    return at - offset;
  }

  #writeMessage(at: number, message: number): number {
    const { blocks } = this.#contents;
    const slot = blocks.slot(this.#portion.block, this.#index++);
    const position = this.#contents.logId(this.#chain) === 0 ? null : blocks.logPosition(slot);
    const id = this.#messages.isLoggable(message) ? recordId(this.#memory, message) : 0;
    this.#piece = this.#messages.firstPiece(message);
    return this.#units.writeMessage(at, message, at32(this.#memory.u32, word(slot, Slot.STATE)), position, id);
  }

  #writePiece(at: number): number {
    const end = this.#units.writePiece(at, this.#piece);
    this.#piece = this.#messages.nextPiece(this.#piece);
    return end;
  }

  /** Messages on their way. */
  get count(): number {
    return this.#portion.end - this.#portion.first;
  }

  /** They are away (`done`), or stay. False: they stay. */
  end(done: boolean): boolean {
    if (this.#queue === 0) return false;
    return withQueue(this.#memory, this.#queue, () => this.#end(done));
  }

  /** Nobody wants the messages of a chain any more: those on their way stay. Under its queue's lock. */
  abandon(chain: number): void {
    if (this.#chain === chain) this.#end(false);
  }

  #end(done: boolean): boolean {
    const queue = this.#queue;
    const chain = this.#chain;
    this.#queue = 0;
    this.#chain = 0;
    const { f64 } = this.#memory;
    const { block, first, end } = this.#portion;
    if (!done || this.#isReached(queue, chain)) {
      this.#gapBlocks.setStates(block, first, end, SlotState.READY);
      this.#waiters.welcome(queue, end - first);
      return false;
    }
    if (this.#gapBlocks.of(chain) === 0)
      f64[double(chain, QueueCell.SPILLED_ARRIVAL)] = this.#messages.arrival(this.#messageAt(first));
    let bytes = 0;
    for (let index = first; index < end; index++) {
      bytes += this.#messages.bodySize(this.#messageAt(index));
      this.#messages.release(this.#messageAt(index));
    }
    f64[double(chain, QueueCell.SPILLED_BYTES)] = at64(f64, double(chain, QueueCell.SPILLED_BYTES)) + bytes;
    const place = this.#contents.blocks.logPosition(this.#contents.blocks.slot(block, first));
    // A block without logged messages knows no positions: then what was said before still holds.
    if (this.#gapBlocks.of(chain) === 0 && !Number.isNaN(place)) f64[double(chain, QueueCell.SPILLED_PLACE)] = place;
    this.#gapBlocks.join(chain, this.#portion);
    return true;
  }

  /** Whether somebody waits for the messages, or has found them spilled without a request that is heard after this. */
  #isReached(queue: number, chain: number): boolean {
    const { u32 } = this.#memory;
    const { block, first, isAtHead } = this.#portion;
    const position = (at32(u32, word(block, Block.START)) + first) >>> 0;
    if (this.#gapBlocks.of(chain) !== 0 || at32(u32, word(chain, QueueCell.HEAD)) !== position) return false;
    return !isAtHead || at32(u32, word(queue, QueueCell.WAITING)) > 0 || at32(u32, word(queue, QueueCell.AWAITED)) > 0;
  }

  #messageAt(index: number): number {
    return this.#messageIn(this.#portion.block, index);
  }

  #messageIn(block: number, index: number): number {
    return this.#contents.blocks.message(this.#contents.blocks.slot(block, index));
  }
}
