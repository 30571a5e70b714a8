/**
 * Messages on their way back into memory, to the first spilled slots of their chain's gap block: those that are whole
 * can be claimed while the rest is still to come, since long messages may not fit into memory at once. What must hold:
 * the last slot is opened only when there is a gap block behind for the rest.
 */
import { PAGE_IN_NO_MEMORY, PAGE_IN_UNWANTED } from '../../../numbers/core.js';
import { Feature, MessageFlag, QueueCell, Slot, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import type { Units } from '../memory/spill-units.js';
import { at64, double, word } from '../memory/views.js';
import type { GapBlocks } from '../queues/gap-blocks.js';
import type { QueueContents } from '../queues/queue-contents.js';
import { withQueue } from '../queues/queue-lock.js';
import type { Sweeps } from '../queues/swept-queues.js';
import type { Waiters } from '../queues/waiters.js';

export class PageIn {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #contents: QueueContents;
  readonly #gapBlocks: GapBlocks;
  readonly #units: Units;
  readonly #waiters: Waiters;
  readonly #sweeps: Sweeps;
  #queue = 0;
  #chain = 0;
  /** The next slot to be taken. Those before it, from the filled ones on, are taken and cannot be claimed yet. */
  #index = 0;
  /** Of the message taken last: its last piece, 0 for none, and the octets of its body that are still to come. */
  #piece = 0;
  #left = 0;

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    gapBlocks: GapBlocks,
    units: Units,
    waiters: Waiters,
    sweeps: Sweeps,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#contents = contents;
    this.#gapBlocks = gapBlocks;
    this.#units = units;
    this.#waiters = waiters;
    this.#sweeps = sweeps;
  }

  /** Begins with the first spilled messages: how many of their block are spilled; 0: none, −1: no memory. */
  begin(queueOrChain: number): number {
    if (this.#queue !== 0) return 0;
    const queue = this.#contents.chains.queueOf(queueOrChain);
    return withQueue(this.#memory, queue, () => {
      const chain = this.#contents.chains.chainOf(queueOrChain);
      if (this.#gapBlocks.of(chain) === 0) return 0;
      if (!this.#memory.ensurePages(1)) return PAGE_IN_NO_MEMORY;
      this.#queue = queue;
      this.#chain = chain;
      this.#index = this.#gapBlocks.filled(chain);
      this.#left = 0;
      return this.#gapBlocks.end(chain) - this.#index;
    });
  }

  /** Takes whole units; returns octets taken, or PAGE_IN_NO_MEMORY or PAGE_IN_UNWANTED when it was none. */
  take(offset: number, length: number): number {
    if (this.#queue === 0) return PAGE_IN_UNWANTED;
    return withQueue(this.#memory, this.#queue, () => {
      const end = offset + length;
      let at = offset;
      let outcome = 0;
      for (let span = this.#units.span(at, end); span > 0; span = this.#units.span(at, end)) {
        outcome = this.#units.isPiece(at) ? this.#takePiece(at) : this.#takeMessage(at);
        if (outcome < 0) break;
        at += span;
      }
      const whole = this.#left > 0 ? this.#index - 1 : this.#index;
      if (whole < this.#gapBlocks.end(this.#chain)) this.#open(whole);
      return at === offset ? outcome : at - offset;
    });
  }

  #takeMessage(at: number): number {
    const unit = this.#units.message(at);
    if (unit === 0 || this.#left > 0 || this.#index === this.#gapBlocks.end(this.#chain)) return PAGE_IN_UNWANTED;
    const slot = this.#slot(this.#index);
    const flags = this.#units.slotFlags(at);
    const position = this.#units.position(at);
    if (position !== null && !this.#contents.blocks.setLogPosition(slot, position)) return PAGE_IN_NO_MEMORY;
    const message = this.#messages.copyIn(unit, this.#units.id(at));
    if (message === 0) return PAGE_IN_NO_MEMORY;
    this.#memory.u32[word(slot, Slot.STATE)] = SlotState.SPILLED | flags;
    this.#memory.u32[word(slot, Slot.MESSAGE)] = message;
    this.#piece = 0;
    this.#left = this.#messages.bodySize(message) - this.#messages.firstBodySize(message);
    this.#index++;
    if ((this.#messages.flags(message) & MessageFlag.EXPIRES) !== 0) this.#expectExpiry();
    return 0;
  }

  /** A message may expire by itself: after a restart nobody has said so yet. */
  #expectExpiry(): void {
    const { features } = this.#contents;
    if ((features.of(this.#queue) & Feature.EXPIRES) !== 0) return;
    features.add(this.#queue, Feature.EXPIRES);
    this.#sweeps.joinAny(this.#queue);
  }

  #takePiece(at: number): number {
    const size = this.#units.pieceBodySize(at);
    if (size === 0 || size > this.#left) return PAGE_IN_UNWANTED;
    const message = this.#contents.blocks.message(this.#slot(this.#index - 1));
    const piece = this.#messages.copyPieceIn(message, this.#piece, this.#units.piece(at));
    if (piece === 0) return PAGE_IN_NO_MEMORY;
    this.#piece = piece;
    this.#left -= size;
    return 0;
  }

  /**
   * What came is whole (`done`), or the message that has come in part, or last, is given up. False: it is, and must
   * come anew.
   */
  end(done: boolean): boolean {
    if (this.#queue === 0) return false;
    return withQueue(this.#memory, this.#queue, () => this.#end(done));
  }

  /** Nobody wants the messages of a chain any more. Under its queue's lock. */
  abandon(chain: number): void {
    if (this.#chain === chain) this.#end(false);
  }

  #end(done: boolean): boolean {
    const chain = this.#chain;
    const isLast = this.#index === this.#gapBlocks.end(chain);
    const back =
      done && this.#left === 0 && (!isLast || this.#gapBlocks.blocks(chain) <= 1 || this.#memory.ensurePages(1));
    if (!back) this.#giveUp();
    else {
      const queue = this.#queue;
      const count = this.#count(this.#index);
      this.#gapBlocks.open(chain, this.#index);
      if (isLast) this.#gapBlocks.split(chain);
      if (count > 0) this.#waiters.welcome(queue, count);
    }
    this.#queue = 0;
    this.#chain = 0;
    return back;
  }

  #giveUp(): void {
    for (let index = this.#gapBlocks.filled(this.#chain); index < this.#index; index++) {
      const slot = this.#slot(index);
      this.#messages.release(this.#contents.blocks.message(slot));
      this.#memory.u32[word(slot, Slot.MESSAGE)] = 0;
      this.#memory.u32[word(slot, Slot.STATE)] = SlotState.SPILLED;
    }
  }

  /** Messages before slot `end` can be claimed. */
  #open(end: number): void {
    const count = this.#count(end);
    if (count === 0) return;
    this.#gapBlocks.open(this.#chain, end);
    this.#waiters.welcome(this.#queue, count);
  }

  /** How many slots before `end` are to be opened; their messages are spilled no more. */
  #count(end: number): number {
    const { f64 } = this.#memory;
    const chain = this.#chain;
    const first = this.#gapBlocks.filled(chain);
    let bytes = 0;
    for (let index = first; index < end; index++) {
      const slot = this.#slot(index);
      bytes += this.#messages.bodySize(this.#contents.blocks.message(slot));
      if (this.#contents.blocks.isLogged(slot)) {
        f64[double(chain, QueueCell.SPILLED_PLACE)] = this.#contents.blocks.logPosition(slot) + 1;
      }
    }
    // The next one came with the last of these, or later.
    if (end > first) {
      const last = this.#contents.blocks.message(this.#slot(end - 1));
      f64[double(chain, QueueCell.SPILLED_ARRIVAL)] = this.#messages.arrival(last);
    }
    const spilled = double(chain, QueueCell.SPILLED_BYTES);
    f64[spilled] = at64(f64, spilled) - bytes;
    return end - first;
  }

  #slot(index: number): number {
    return this.#contents.blocks.slot(this.#gapBlocks.of(this.#chain), index);
  }
}
