/**
 * Looking at what is ready, and taking messages out to move them (assembly/queue/browse.ts, take.ts). A bounded portion
 * at a time, under the queue's lock. What must hold: looking changes nothing; what is put back stands where it was, as if
 * nobody had seen it.
 */
import { FARTHEST, SLOTS } from '../../../numbers/core.js';
import type { BrowsedMessage, BrowsedPortion, TakenMessage } from '../../browsing.js';
import { DeadLetterReason } from '../../engine.js';
import type { Log } from '../log/log.js';
import { Block, Feature, QueueCell, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, word } from '../memory/views.js';
import type { QueueContents } from './queue-contents.js';
import { withQueue } from './queue-lock.js';
import type { Queues } from './queues.js';
import type { Waiters } from './waiters.js';

/** Octets that one portion copies, but for what its last message has too much. */
const OCTETS_MAX = 1 << 20;

export class Browsing {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #contents: QueueContents;
  readonly #queues: Queues;
  readonly #waiters: Waiters;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    queues: Queues,
    waiters: Waiters,
    clock: Clock,
    log: Log,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#contents = contents;
    this.#queues = queues;
    this.#waiters = waiters;
    this.#clock = clock;
    this.#log = log;
  }

  /** Copies ready messages of a chain, from a position on. */
  browse(queueOrChain: number, from: number | null, slots: number, bodyMost: number): BrowsedPortion {
    return this.#with(queueOrChain, (_queue, chain) => {
      const messages: BrowsedMessage[] = [];
      let octets = 0;
      let next = from ?? (this.#field(chain, QueueCell.HEAD) - FARTHEST) >>> 0;
      let left = slots;
      for (const { slot, position } of this.#places(chain, next)) {
        next = position;
        if (left === 0 || octets >= OCTETS_MAX) return { messages, next, stop: 'more' };
        left -= 1;
        const state = this.#contents.blocks.state(slot);
        if (state === SlotState.SPILLED) return { messages, next, stop: 'spilled' };
        if (state === SlotState.READY || state === SlotState.REQUEUED) {
          const message = this.#copy(slot, position, bodyMost);
          octets += message.key.length + message.header.length + message.body.length;
          messages.push(message);
        }
        next = (position + 1) >>> 0;
      }
      next = this.#behindHead(chain, next);
      const isOver = ((next - this.#field(chain, QueueCell.TAIL)) | 0) >= 0;
      return { messages, next, stop: isOver ? 'end' : 'spilled' };
    });
  }

  /**
   * The slots from a position on, in order, of blocks in which something was requeued, and then from the head; up to
   * those that the gap block stands for.
   */
  *#places(chain: number, from: number): Generator<{ readonly slot: number; readonly position: number }> {
    const { blocks } = this.#contents;
    const head = this.#field(chain, QueueCell.HEAD);
    let position = from;
    let block = this.#field(chain, QueueCell.REQUEUED);
    for (; block !== 0 && ((position - head) | 0) < 0; block = this.#field(block, Block.REQUEUED_NEXT)) {
      const start = this.#field(block, Block.START);
      if (((start + SLOTS - 1 - position) | 0) < 0) continue;
      if (((position - start) | 0) < 0) position = start;
      for (; blocks.indexIn(block, position) < SLOTS && ((position - head) | 0) < 0; position = (position + 1) >>> 0)
        yield { slot: blocks.slot(block, blocks.indexIn(block, position)), position };
    }
    position = this.#behindHead(chain, position);
    block = this.#field(chain, QueueCell.HEAD_BLOCK);
    const tail = this.#field(chain, QueueCell.TAIL);
    for (; ((position - tail) | 0) < 0; position = (position + 1) >>> 0) {
      while (blocks.indexIn(block, position) >= SLOTS) {
        const next = this.#field(block, Block.NEXT);
        if (next === 0 || ((position - this.#field(next, Block.START)) | 0) < 0) return;
        block = next;
      }
      yield { slot: blocks.slot(block, blocks.indexIn(block, position)), position };
    }
  }

  /** What stands before the head was looked at. */
  #behindHead(chain: number, position: number): number {
    const head = this.#field(chain, QueueCell.HEAD);
    return ((position - head) | 0) < 0 ? head : position;
  }

  #requeuedFrom(chain: number, from: number): { readonly slot: number; readonly position: number } | null {
    const { blocks } = this.#contents;
    let block = this.#field(chain, QueueCell.REQUEUED);
    for (; block !== 0; block = this.#field(block, Block.REQUEUED_NEXT)) {
      const start = this.#field(block, Block.START);
      for (let index = Math.max(0, (from - start) | 0); index < SLOTS; index++) {
        const slot = blocks.slot(block, index);
        if (blocks.state(slot) === SlotState.REQUEUED) return { slot, position: (start + index) >>> 0 };
      }
    }
    return null;
  }

  #copy(slot: number, position: number, bodyMost: number): BrowsedMessage {
    const { blocks } = this.#contents;
    const message = blocks.message(slot);
    return {
      position,
      redelivered: blocks.redelivered(slot),
      requeues: blocks.requeues(slot),
      arrival: this.#messages.arrival(message),
      key: this.#messages.key(message),
      header: this.#messages.header(message),
      bodySize: this.#messages.bodySize(message),
      body: this.#messages.bodyStart(message, bodyMost),
    };
  }

  // ── Taking out ─────────────────────────────────────────────────────────────────────────────────────────────────

  take(queueOrChain: number, from: number | null, end: number): TakenMessage | 'again' | 'end' | 'spilled' | 'short' {
    return this.#with(queueOrChain, (queue, chain) => {
      if (this.#contents.isRetired(queue)) return 'end';
      if (this.#log.isFull) return 'short';
      const found = this.#next(chain, from ?? (end - FARTHEST) >>> 0, end);
      if (typeof found === 'string') return found;
      const { slot, position } = found;
      const features = this.#contents.features.of(queue);
      this.#contents.leaveReady(queue, 1, this.#counted(features, slot));
      const limit = this.#contents.features.expiryLimit(queue, this.#clock.now);
      const expiry = this.#contents.expiry(queue, features, limit);
      if (expiry !== null && this.#contents.hasExpired(slot, expiry)) {
        this.#contents.deadLetterOrDrop(queue, features, slot, DeadLetterReason.EXPIRED);
        return 'again';
      }
      return { slot, message: this.#contents.blocks.message(slot), position };
    });
  }

  /** Claims what is next. */
  #next(chain: number, from: number, end: number): { slot: number; position: number } | 'end' | 'spilled' {
    const { blocks, chains, requeued } = this.#contents;
    const back = this.#requeuedFrom(chain, from);
    if (back !== null && ((back.position - end) | 0) < 0) {
      requeued.remove(chain, back.slot);
      blocks.setState(back.slot, SlotState.CLAIMED);
      return back;
    }
    const position = this.#field(chain, QueueCell.HEAD);
    if (((position - end) | 0) >= 0) return 'end';
    const slot = chains.claimHead(chain);
    if (slot === 0) return chains.foundSpilled ? 'spilled' : 'end';
    return { slot, position };
  }

  settle(slot: number): void {
    this.#queues.settle(this.#queues.queueOf(slot), Uint32Array.of(slot), 1);
  }

  putBack(slot: number): void {
    const queue = this.#queues.queueOf(slot);
    const isRetired = withQueue(this.#memory, queue, () => {
      if (this.#contents.isRetired(queue)) return true;
      const features = this.#contents.features.of(queue);
      this.#contents.requeued.putBack(this.#contents.blocks.chainOf(slot), slot);
      this.#contents.leaveReady(queue, -1, -this.#counted(features, slot));
      this.#waiters.grantFor(queue, 1, this.#queues.ready(queue));
      this.#contents.checkLength(queue, features);
      return false;
    });
    if (isRetired) this.settle(slot);
  }

  /** The bytes of a slot's body, if the queue counts such. */
  #counted(features: number, slot: number): number {
    return (features & Feature.BYTES) === 0 ? 0 : this.#messages.bodySize(this.#contents.blocks.message(slot));
  }

  #field(cell: number, field: number): number {
    return at32(this.#memory.u32, word(cell, field));
  }

  #with<T>(queueOrChain: number, body: (queue: number, chain: number) => T): T {
    const { chains } = this.#contents;
    const queue = chains.queueOf(queueOrChain);
    return withQueue(this.#memory, queue, () => body(queue, chains.chainOf(queueOrChain)));
  }
}
