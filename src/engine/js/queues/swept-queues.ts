/**
 * Which participant looks after the messages that expire in a queue: each participant has a list of such queues, linked
 * through their cells. What must hold: a queue is in one list at most; it has left it before it is freed, so a list
 * never leads to a cell that is something else by now.
 */
import { SWEEP_REST_MAX, SWEEP_REST_MIN, SWEEP_REST_SHARE } from '../../../numbers/core.js';
import { ring } from '../memory/doorbell.js';
import { Participant, participantAt, QueueCell, Root } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import { at32, word } from '../memory/views.js';

export class Sweeps {
  readonly #memory: Memory;
  readonly #self: number;
  /** What the last sweep found to be soon enough for the next (ms). */
  #rest = SWEEP_REST_MIN;

  constructor(memory: Memory, self: number) {
    this.#memory = memory;
    this.#self = self;
  }

  count(): number {
    return Atomics.load(this.#memory.u32, word(participantAt(this.#self), Participant.SWEEP_COUNT));
  }

  /** Until the next sweep (ms). */
  pause(): number {
    return Atomics.load(this.#memory.u32, word(participantAt(this.#self), Participant.SWEEP_SOON)) === 0
      ? this.#rest
      : SWEEP_REST_MIN;
  }

  /** A sweep begins. Before any queue is looked at: pairs with the loads in `hasten` and `pause`. */
  begin(): void {
    const record = participantAt(this.#self);
    Atomics.store(this.#memory.u32, word(record, Participant.SWEEP_SOON), 0);
    Atomics.store(this.#memory.u32, word(record, Participant.SWEEP_RESTS), 1);
    this.#rest = SWEEP_REST_MAX;
  }

  /** A queue was looked at that has this time to live, and holds messages with times of their own, or none. */
  saw(ttl: number, holdsOthers: boolean): void {
    const rest = holdsOthers ? SWEEP_REST_MIN : Math.max(ttl / SWEEP_REST_SHARE, SWEEP_REST_MIN);
    this.#rest = Math.min(this.#rest, rest);
    if (this.#rest > SWEEP_REST_MIN) return;
    Atomics.store(this.#memory.u32, word(participantAt(this.#self), Participant.SWEEP_RESTS), 0);
  }

  /** Something has come to a queue that may be due before its next sweep. */
  hasten(queue: number): void {
    const sweeper = this.#sweeper(queue);
    if (sweeper === 0) return;
    const { u32 } = this.#memory;
    const record = participantAt(sweeper - 1);
    if (Atomics.load(u32, word(record, Participant.SWEEP_RESTS)) === 0) return;
    Atomics.store(u32, word(record, Participant.SWEEP_SOON), 1);
    if (sweeper - 1 !== this.#self) ring(this.#memory, sweeper - 1);
  }

  /** The queues in our list. */
  queues(): number[] {
    const record = participantAt(this.#self);
    const { u32 } = this.#memory;
    const queues: number[] = [];
    this.#locked(record, () => {
      let queue = at32(u32, word(record, Participant.SWEEP_FIRST));
      for (; queue !== 0; queue = at32(u32, word(queue, QueueCell.SWEEP_NEXT))) queues.push(queue);
    });
    return queues;
  }

  /** Puts a queue into our list, unless it is in one. Under the queue's lock, as everything below. */
  join(queue: number): void {
    if (this.#sweeper(queue) !== 0) this.hasten(queue);
    else this.#join(queue, this.#self);
  }

  /** Puts a queue into the list of the worker whose turn it is, unless it is in one; a worker that sleeps must know. */
  joinAny(queue: number): void {
    if (this.#sweeper(queue) !== 0) {
      this.hasten(queue);
      return;
    }
    const worker = Atomics.add(this.#memory.u32, Root.SWEPT, 1) % this.#memory.workers;
    this.#join(queue, worker);
    ring(this.#memory, worker);
  }

  leave(queue: number): void {
    const { u32 } = this.#memory;
    const sweeper = this.#sweeper(queue);
    if (sweeper === 0) return;
    u32[word(queue, QueueCell.SWEEPER)] = 0;
    const record = participantAt(sweeper - 1);
    this.#locked(record, () => {
      const next = at32(u32, word(queue, QueueCell.SWEEP_NEXT));
      const previous = at32(u32, word(queue, QueueCell.SWEEP_PREVIOUS));
      if (next !== 0) u32[word(next, QueueCell.SWEEP_PREVIOUS)] = previous;
      if (previous !== 0) u32[word(previous, QueueCell.SWEEP_NEXT)] = next;
      else u32[word(record, Participant.SWEEP_FIRST)] = next;
      Atomics.sub(u32, word(record, Participant.SWEEP_COUNT), 1);
    });
  }

  #join(queue: number, sweeper: number): void {
    if (this.#sweeper(queue) !== 0) return;
    const { u32 } = this.#memory;
    u32[word(queue, QueueCell.SWEEPER)] = sweeper + 1;
    const record = participantAt(sweeper);
    this.#locked(record, () => {
      const first = at32(u32, word(record, Participant.SWEEP_FIRST));
      u32[word(queue, QueueCell.SWEEP_NEXT)] = first;
      u32[word(queue, QueueCell.SWEEP_PREVIOUS)] = 0;
      if (first !== 0) u32[word(first, QueueCell.SWEEP_PREVIOUS)] = queue;
      u32[word(record, Participant.SWEEP_FIRST)] = queue;
      Atomics.add(u32, word(record, Participant.SWEEP_COUNT), 1);
    });
    Atomics.store(u32, word(record, Participant.SWEEP_SOON), 1);
  }

  #sweeper(queue: number): number {
    return at32(this.#memory.u32, word(queue, QueueCell.SWEEPER));
  }

  #locked(record: number, body: () => void): void {
    lock(this.#memory.i32, word(record, Participant.SWEEP_LOCK));
    body();
    unlock(this.#memory.i32, word(record, Participant.SWEEP_LOCK));
  }
}
