/**
 * All moves: those that run, and the last that have ended. They are the broker's, not of the request that began them.
 * What must hold: one that is not over is on disk before it moves anything, and goes on after a restart.
 *
 * This folder is for moving messages from queue to queue, and for dropping some of a queue; routes and what puts the
 * management together import it.
 */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../../broker/access/principal.js';
import { badRequest } from '../http/errors.js';
import { Move, type Moving } from './move.js';
import type { MoveSpec } from './move-spec.js';
import type { KeptMove, MoveStore } from './move-store.js';

/** Moves that run at once, and ended ones that are remembered. */
const RUNNING_MAX = 16;
const ENDED_MAX = 100;

export class Moves {
  readonly #moving: Moving;
  readonly #store: MoveStore;
  readonly #principalOf: (spec: MoveSpec) => Principal;
  readonly #report: (line: string) => void;
  readonly #moves = new Map<string, Move>();
  #isClosed = false;

  /** `report` takes lines for the operator. */
  constructor(
    moving: Moving,
    store: MoveStore,
    principalOf: (spec: MoveSpec) => Principal,
    report: (line: string) => void,
  ) {
    this.#moving = moving;
    this.#store = store;
    this.#principalOf = principalOf;
    this.#report = report;
  }

  /** Goes on with what a life before has begun. */
  async resume(): Promise<void> {
    for (const kept of await this.#store.all()) this.#run(this.#make(kept, kept.moved));
  }

  /** Throws the answer when there are too many; rejects when it cannot be kept. */
  async begin(spec: MoveSpec): Promise<Move> {
    const running = [...this.#moves.values()].filter(({ isOver }) => !isOver);
    if (running.length >= RUNNING_MAX) throw badRequest(`${RUNNING_MAX} moves are running: wait for one to end`);
    const kept = { id: randomUUID(), spec, startedAt: Date.now(), moved: 0 };
    const move = this.#make(kept, null);
    await this.#store.keep(kept);
    this.#run(move);
    return move;
  }

  all(): Move[] {
    return [...this.#moves.values()];
  }

  get(id: string): Move | undefined {
    return this.#moves.get(id);
  }

  async cancel(move: Move): Promise<void> {
    if (move.isOver) return;
    move.cancel();
    await this.#store.forget(move.id);
  }

  /** Nothing is moved any more in this life. */
  close(): void {
    this.#isClosed = true;
    for (const move of this.#moves.values()) move.halt();
  }

  #make(kept: Omit<KeptMove, 'moved'>, moved: number | null): Move {
    const move = new Move(this.#moving, this.#principalOf(kept.spec), { ...kept, moved }, (upTo) =>
      this.#store.keep({ id: kept.id, spec: kept.spec, startedAt: kept.startedAt, moved: upTo }),
    );
    this.#moves.set(kept.id, move);
    this.#forgetOld();
    return move;
  }

  #run(move: Move): void {
    if (this.#isClosed) return;
    move
      .run()
      .then(() => (move.isOver ? this.#store.forget(move.id) : undefined))
      .catch((error: Error) => {
        // What it promises cannot be written: it goes on after the next start.
        move.halt();
        move.state = 'waiting';
        move.reason = error.message;
        this.#report(`a move of messages out of queue '${move.spec.queue}' has stopped: ${error.message}`);
      });
  }

  #forgetOld(): void {
    const ended = this.all().filter(({ isOver }) => isOver);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - ENDED_MAX))) this.#moves.delete(id);
  }
}
