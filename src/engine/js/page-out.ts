/**
 * A block of messages on its way out of memory: its slots are ABSENT while its image is written, so nobody claims them. What must hold: if consumers have come
 * to it by the end it stays, since they would have to wait for what is still here.
 */
import { Block, QueueCell, SLOTS, Slot, SlotState } from './layout.js';
import type { Memory } from './memory.js';
import type { Messages } from './messages.js';
import { withQueue } from './queue-lock.js';
import { recordId } from './record-heads.js';
import type { Stock } from './stock.js';
import type { Stubs } from './stubs.js';
import type { Units } from './units.js';
import { at32, at64, double, word } from './views.js';
import type { Waiters } from './waiters.js';

export class PageOut {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #stock: Stock;
  readonly #stubs: Stubs;
  readonly #units: Units;
  readonly #waiters: Waiters;
  #queue = 0;
  #lane = 0;
  #block = 0;
  /** The next slot to be written out, and the next piece of the message before it. */
  #index = 0;
  #piece = 0;

  constructor(memory: Memory, messages: Messages, stock: Stock, stubs: Stubs, units: Units, waiters: Waiters) {
    this.#memory = memory;
    this.#messages = messages;
    this.#stock = stock;
    this.#stubs = stubs;
    this.#units = units;
    this.#waiters = waiters;
  }

  /** Begins with the block that may leave next; the octets of its image, 0: none may. */
  begin(queueOrLane: number, margin: number): number {
    if (this.#queue !== 0) return 0;
    const queue = this.#stock.lanes.queueOf(queueOrLane);
    return withQueue(this.#memory, queue, () => {
      if (this.#stock.isRetired(queue)) return 0;
      const lane = this.#stock.lanes.laneOf(queueOrLane);
      const block = this.#stubs.candidate(lane, margin);
      if (block === 0) return 0;
      this.#stubs.setStates(block, 0, SLOTS, SlotState.ABSENT);
      this.#queue = queue;
      this.#lane = lane;
      this.#block = block;
      this.#index = 0;
      this.#piece = 0;
      let octets = 0;
      for (let index = 0; index < SLOTS; index++) octets += this.#units.imageSize(this.#messageAt(index));
      return octets;
    });
  }

  /** Writes whole units; returns octets, 0 at the end. */
  fill(offset: number, length: number): number {
    if (this.#queue === 0) return 0;
    const end = offset + length;
    let at = offset;
    while (this.#piece !== 0 || this.#index < SLOTS) {
      const message = this.#piece === 0 ? this.#messageAt(this.#index) : 0;
      const size = message === 0 ? this.#messages.pieceSize(this.#piece) : this.#messages.messageSize(message);
      if (at + this.#units.spanFor(size) > end) break;
      at = message === 0 ? this.#writePiece(at) : this.#writeMessage(at, message);
    }
    return at - offset;
  }

  #writeMessage(at: number, message: number): number {
    const { blocks } = this.#stock;
    const slot = blocks.slot(this.#block, this.#index++);
    const position = blocks.isLogged(slot) ? blocks.logPosition(slot) : null;
    const id = this.#messages.isLoggable(message) ? recordId(this.#memory, message) : 0;
    this.#piece = this.#messages.firstPiece(message);
    return this.#units.writeMessage(at, message, at32(this.#memory.u32, word(slot, Slot.STATE)), position, id);
  }

  #writePiece(at: number): number {
    const end = this.#units.writePiece(at, this.#piece);
    this.#piece = this.#messages.nextPiece(this.#piece);
    return end;
  }

  /** They are away (`done`), or stay. False: they stay. */
  end(done: boolean): boolean {
    if (this.#queue === 0) return false;
    return withQueue(this.#memory, this.#queue, () => this.#end(done));
  }

  /** Nobody wants the messages of a lane any more: those on their way stay. Under its queue's lock. */
  abandon(lane: number): void {
    if (this.#lane === lane) this.#end(false);
  }

  #end(done: boolean): boolean {
    const queue = this.#queue;
    const lane = this.#lane;
    this.#queue = 0;
    this.#lane = 0;
    const { u32, f64 } = this.#memory;
    const isReached = at32(u32, word(lane, QueueCell.HEAD)) === at32(u32, word(this.#block, Block.START));
    if (!done || (this.#stubs.of(lane) === 0 && isReached)) {
      this.#stubs.setStates(this.#block, 0, SLOTS, SlotState.READY);
      this.#waiters.welcome(queue, SLOTS);
      return false;
    }
    let bytes = 0;
    for (let index = 0; index < SLOTS; index++) {
      bytes += this.#messages.bodySize(this.#messageAt(index));
      this.#messages.release(this.#messageAt(index));
    }
    f64[double(lane, QueueCell.ABSENT_BYTES)] = at64(f64, double(lane, QueueCell.ABSENT_BYTES)) + bytes;
    const place = this.#stock.blocks.logPosition(this.#stock.blocks.slot(this.#block, 0));
    // A block without logged messages knows no positions: then what was said before still holds.
    if (this.#stubs.of(lane) === 0 && !Number.isNaN(place)) f64[double(lane, QueueCell.ABSENT_PLACE)] = place;
    this.#stubs.join(lane, this.#block);
    return true;
  }

  #messageAt(index: number): number {
    return this.#stock.blocks.message(this.#stock.blocks.slot(this.#block, index));
  }
}
