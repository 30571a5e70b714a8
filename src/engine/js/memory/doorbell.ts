/**
 * Waking a worker that waits for events. A worker says that it sleeps and then looks once more for work; whoever
 * leaves it work afterwards sees that it sleeps and rings. One ring a sleep: the flag is taken by compare-and-swap.
 */
import { Participant, participantAt, Root } from './layout.js';
import { at32, type Views, word } from './views.js';

export function ring(views: Views, participant: number): void {
  const record = participantAt(participant);
  if (Atomics.compareExchange(views.u32, word(record, Participant.SLEEPING), 1, 0) !== 1) return;
  const bell = word(record, Participant.DOORBELL);
  Atomics.add(views.i32, bell, 1);
  Atomics.notify(views.i32, bell);
}

export function ringAll(views: Views): void {
  const workers = at32(views.u32, Root.WORKERS);
  for (let participant = 0; participant <= workers; participant++) ring(views, participant);
}

/** A participant's own end of its doorbell. */
export class Doorbell {
  readonly #views: Views;
  readonly #bell: number;
  readonly #sleeping: number;
  /** Rings that were answered. */
  #heard: number;

  constructor(views: Views, participant: number) {
    this.#views = views;
    this.#bell = word(participantAt(participant), Participant.DOORBELL);
    this.#sleeping = word(participantAt(participant), Participant.SLEEPING);
    this.#heard = Atomics.load(views.i32, this.#bell);
  }

  setSleeping(sleeping: boolean): void {
    Atomics.store(this.#views.u32, this.#sleeping, sleeping ? 1 : 0);
  }

  async next(): Promise<void> {
    const wait = Atomics.waitAsync(this.#views.i32, this.#bell, this.#heard);
    if (wait.async) await wait.value;
    this.#heard = Atomics.load(this.#views.i32, this.#bell);
  }
}
