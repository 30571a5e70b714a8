/**
 * Messages on their way back into memory, to the first absent slots of their lane's stub: those that are whole can be claimed while the rest is still to come,
 * since long messages may not fit into memory at once. What must hold: the last slot is opened only when there is a stub behind for the rest.
 */
import { MessageFlag, QueueCell, Slot, SlotState, Trait } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import type { Units } from '../memory/spill-units.js';
import { at64, double, word } from '../memory/views.js';
import type { Stubs } from '../queues/gap-blocks.js';
import type { Stock } from '../queues/queue-contents.js';
import { withQueue } from '../queues/queue-lock.js';
import type { Sweeps } from '../queues/swept-queues.js';
import type { Waiters } from '../queues/waiters.js';

const NO_MEMORY = -1;
/** Nobody wants it, or it is no unit. */
const UNWANTED = -2;

export class PageIn {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #stock: Stock;
  readonly #stubs: Stubs;
  readonly #units: Units;
  readonly #waiters: Waiters;
  readonly #sweeps: Sweeps;
  #queue = 0;
  #lane = 0;
  /** The next slot to be taken. Those before it, from the filled ones on, are taken and cannot be claimed yet. */
  #index = 0;
  /** Of the message taken last: its last piece, 0 for none, and the octets of its body that are still to come. */
  #piece = 0;
  #left = 0;

  constructor(
    memory: Memory,
    messages: Messages,
    stock: Stock,
    stubs: Stubs,
    units: Units,
    waiters: Waiters,
    sweeps: Sweeps,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#stock = stock;
    this.#stubs = stubs;
    this.#units = units;
    this.#waiters = waiters;
    this.#sweeps = sweeps;
  }

  /** Begins with the first absent messages: how many of their block are absent; 0: none, −1: no memory. */
  begin(queueOrLane: number): number {
    if (this.#queue !== 0) return 0;
    const queue = this.#stock.lanes.queueOf(queueOrLane);
    return withQueue(this.#memory, queue, () => {
      const lane = this.#stock.lanes.laneOf(queueOrLane);
      if (this.#stubs.of(lane) === 0) return 0;
      if (!this.#memory.ensurePages(1)) return NO_MEMORY;
      this.#queue = queue;
      this.#lane = lane;
      this.#index = this.#stubs.filled(lane);
      this.#left = 0;
      return this.#stubs.end(lane) - this.#index;
    });
  }

  /** Takes whole units; returns octets taken, or NO_MEMORY or UNWANTED when it was none. */
  take(offset: number, length: number): number {
    if (this.#queue === 0) return UNWANTED;
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
      if (whole < this.#stubs.end(this.#lane)) this.#open(whole);
      return at === offset ? outcome : at - offset;
    });
  }

  #takeMessage(at: number): number {
    const unit = this.#units.message(at);
    if (unit === 0 || this.#left > 0 || this.#index === this.#stubs.end(this.#lane)) return UNWANTED;
    const slot = this.#slot(this.#index);
    const flags = this.#units.slotFlags(at);
    const position = this.#units.position(at);
    if (position !== null && !this.#stock.blocks.setLogPosition(slot, position)) return NO_MEMORY;
    const message = this.#messages.copyIn(unit, this.#units.id(at));
    if (message === 0) return NO_MEMORY;
    this.#memory.u32[word(slot, Slot.STATE)] = SlotState.ABSENT | flags;
    this.#memory.u32[word(slot, Slot.MESSAGE)] = message;
    this.#piece = 0;
    this.#left = this.#messages.bodySize(message) - this.#messages.firstBodySize(message);
    this.#index++;
    if ((this.#messages.flags(message) & MessageFlag.EXPIRES) !== 0) this.#expectExpiry();
    return 0;
  }

  /** A message may expire by itself: after a restart nobody has said so yet. */
  #expectExpiry(): void {
    const { rules } = this.#stock;
    if ((rules.traits(this.#queue) & Trait.EXPIRES) !== 0) return;
    rules.add(this.#queue, Trait.EXPIRES);
    this.#sweeps.joinAny(this.#queue);
  }

  #takePiece(at: number): number {
    const size = this.#units.pieceBodySize(at);
    if (size === 0 || size > this.#left) return UNWANTED;
    const message = this.#stock.blocks.message(this.#slot(this.#index - 1));
    const piece = this.#messages.copyPieceIn(message, this.#piece, this.#units.piece(at));
    if (piece === 0) return NO_MEMORY;
    this.#piece = piece;
    this.#left -= size;
    return 0;
  }

  /** What came is whole (`done`), or the message that has come in part, or last, is given up. False: it is, and must come anew. */
  end(done: boolean): boolean {
    if (this.#queue === 0) return false;
    return withQueue(this.#memory, this.#queue, () => this.#end(done));
  }

  /** Nobody wants the messages of a lane any more. Under its queue's lock. */
  abandon(lane: number): void {
    if (this.#lane === lane) this.#end(false);
  }

  #end(done: boolean): boolean {
    const lane = this.#lane;
    const isLast = this.#index === this.#stubs.end(lane);
    const back = done && this.#left === 0 && (!isLast || this.#stubs.blocks(lane) <= 1 || this.#memory.ensurePages(1));
    if (!back) this.#giveUp();
    else {
      const queue = this.#queue;
      const count = this.#count(this.#index);
      this.#stubs.open(lane, this.#index);
      if (isLast) this.#stubs.split(lane);
      if (count > 0) this.#waiters.welcome(queue, count);
    }
    this.#queue = 0;
    this.#lane = 0;
    return back;
  }

  #giveUp(): void {
    for (let index = this.#stubs.filled(this.#lane); index < this.#index; index++) {
      const slot = this.#slot(index);
      this.#messages.release(this.#stock.blocks.message(slot));
      this.#memory.u32[word(slot, Slot.MESSAGE)] = 0;
      this.#memory.u32[word(slot, Slot.STATE)] = SlotState.ABSENT;
    }
  }

  /** Messages before slot `end` can be claimed. */
  #open(end: number): void {
    const count = this.#count(end);
    if (count === 0) return;
    this.#stubs.open(this.#lane, end);
    this.#waiters.welcome(this.#queue, count);
  }

  /** How many slots before `end` are to be opened; their messages are absent no more. */
  #count(end: number): number {
    const { f64 } = this.#memory;
    const lane = this.#lane;
    const first = this.#stubs.filled(lane);
    let bytes = 0;
    for (let index = first; index < end; index++) {
      const slot = this.#slot(index);
      bytes += this.#messages.bodySize(this.#stock.blocks.message(slot));
      if (this.#stock.blocks.isLogged(slot)) {
        f64[double(lane, QueueCell.ABSENT_PLACE)] = this.#stock.blocks.logPosition(slot) + 1;
      }
    }
    const absent = double(lane, QueueCell.ABSENT_BYTES);
    f64[absent] = at64(f64, absent) - bytes;
    return end - first;
  }

  #slot(index: number): number {
    return this.#stock.blocks.slot(this.#stubs.of(this.#lane), index);
  }
}
