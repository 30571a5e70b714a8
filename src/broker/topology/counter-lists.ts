/**
 * Numbers for the lists in which is counted what is done with exchanges and in vhosts. What must hold: a number is given
 * out again only when its list is closed, which is when every worker has applied that what had it is gone.
 */
import type { CounterList, Engine } from '../../engine/engine.js';

/** What had no room has this one: it is not counted. */
export const NOT_COUNTED: CounterList = 0;

export class CounterLists {
  readonly #core: Pick<Engine, 'openCounters' | 'closeCounters'>;
  readonly #free: CounterList[] = [];
  #last = 0;

  constructor(core: Pick<Engine, 'openCounters' | 'closeCounters'>) {
    this.#core = core;
  }

  open(): CounterList {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (!this.#core.openCounters(this.#last + 1)) return NOT_COUNTED;
    this.#last += 1;
    return this.#last;
  }

  openMany(count: number): CounterList[] {
    return Array.from({ length: count }, () => this.open());
  }

  close(list: CounterList): void {
    if (list === NOT_COUNTED) return;
    this.#core.closeCounters(list);
    this.#free.push(list);
  }
}
