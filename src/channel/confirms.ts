/**
 * What of the publishes the broker has confirmed. What must hold: each publish that is waited for is settled once; one
 * that nobody waits for takes no memory.
 */
import { PublishRefusedError } from './errors.js';

interface Waiting {
  readonly tag: number;
  isSettled: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Settled ones are dropped when there are so many of them. */
const DROP = 1024;

export class Confirms {
  /** Publishes that are waited for, in the order of their tags; those before `#first` are settled. */
  #waiting: Waiting[] = [];
  #first = 0;
  /** Those who wait for all up to a tag, in its order. */
  readonly #waitingForAll: Waiting[] = [];
  /** Tag of the last publish. */
  #published = 0;
  /** All up to this one are confirmed, and these beyond it. */
  #confirmed = 0;
  readonly #beyond = new Set<number>();
  /** Whether one was refused since that was last told. */
  #hasRefused = false;

  /** A publish leaves that nobody waits for. */
  count(): void {
    this.#published += 1;
  }

  /** A publish leaves; resolves with its confirm. */
  expect(): Promise<void> {
    this.#published += 1;
    return wait(this.#waiting, this.#published);
  }

  /** Resolves when all that was published until now is confirmed; rejects when some of it was refused. */
  async expectAll(): Promise<void> {
    if (this.#confirmed < this.#published) await wait(this.#waitingForAll, this.#published);
    if (!this.#hasRefused) return;
    this.#hasRefused = false;
    throw new PublishRefusedError();
  }

  /** The broker has taken or refused a publish, or with `multiple` all up to it. */
  settle(tag: number, multiple: boolean, isTaken: boolean): void {
    if (!isTaken) this.#hasRefused = true;
    const end = this.#indexBehind(tag);
    for (let index = multiple ? this.#first : end - 1; index < end; index++) {
      const waiting = this.#waiting[index];
      if (waiting === undefined || waiting.isSettled || (!multiple && waiting.tag !== tag)) continue;
      waiting.isSettled = true;
      if (isTaken) waiting.resolve();
      else waiting.reject(new PublishRefusedError());
    }
    this.#drop();
    this.#note(tag, multiple);
  }

  /** There will be no confirms any more. */
  refuseAll(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) if (!waiting.isSettled) waiting.reject(error);
    for (const waiting of this.#waitingForAll.splice(0)) waiting.reject(error);
    this.#first = 0;
  }

  /** Where those begin that were published after `tag`. */
  #indexBehind(tag: number): number {
    let low = this.#first;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#waiting[middle]?.tag ?? 0) <= tag) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #drop(): void {
    while (this.#waiting[this.#first]?.isSettled) this.#first += 1;
    if (this.#first < DROP || this.#first * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  #note(tag: number, multiple: boolean): void {
    if (!multiple && tag > this.#confirmed + 1) this.#beyond.add(tag);
    else this.#confirmed = Math.max(this.#confirmed, tag);
    if (multiple) for (const one of this.#beyond) if (one <= tag) this.#beyond.delete(one);
    while (this.#beyond.delete(this.#confirmed + 1)) this.#confirmed += 1;
    while ((this.#waitingForAll[0]?.tag ?? Number.POSITIVE_INFINITY) <= this.#confirmed)
      this.#waitingForAll.shift()?.resolve();
  }
}

function wait(list: Waiting[], tag: number): Promise<void> {
  return new Promise((resolve, reject) => {
    list.push({ tag, isSettled: false, resolve, reject });
  });
}
