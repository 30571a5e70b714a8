/**
 * The memory by which workers know how long their node may serve: who has the node writes, and a worker looks before it
 * delivers, so that neither a busy thread nor a late message has it deliver beside the next leader. What must hold: what
 * is passed is passed by the clock of the one who looks, however late whoever writes is; a hand-over and an end are for
 * good.
 *
 *   0 │ deliveries may go on until then (i64): ms of the machine's clock (machine-clock.ts); 0: none may
 *   8 │ clients are closed behind that (i64), likewise
 *
 * Written by: the thread of the node. Read by: all workers, once a turn. Freed by: nobody, it lives as long as the term.
 * Each store pairs with the load in `at`. Nothing else is ordered by it; who must know that a worker has seen a word
 * asks that worker by a message, which comes behind the store.
 */
import type { Hold } from '../protocol/role.js';
import { TIMING, type Timing } from '../protocol/timing.js';

const UNTIL = 0;
const CLOSE = 1;
const OCTETS = 16;

export class SharedHold {
  readonly shared: SharedArrayBuffer;
  readonly #times: BigInt64Array;
  /** Of whoever writes. */
  #handsOver = false;
  #isOver = false;

  constructor(shared = new SharedArrayBuffer(OCTETS)) {
    this.shared = shared;
    this.#times = new BigInt64Array(shared);
  }

  /** What a worker may do at this time (ms of the machine's clock). */
  at(now: number): Hold {
    if (now <= Number(Atomics.load(this.#times, UNTIL))) return 'serve';
    return now <= Number(Atomics.load(this.#times, CLOSE)) ? 'pause' : 'close';
  }

  /** An append that was sent then is certain. */
  renew(sentAt: number, { pauseAfter, closeAfter }: Pick<Timing, 'pauseAfter' | 'closeAfter'> = TIMING): void {
    if (this.#isOver) return;
    Atomics.store(this.#times, CLOSE, BigInt(Math.floor(sentAt + closeAfter)));
    if (!this.#handsOver) Atomics.store(this.#times, UNTIL, BigInt(Math.floor(sentAt + pauseAfter)));
  }

  /** Nothing is delivered any more. */
  handOver(): void {
    this.#handsOver = true;
    Atomics.store(this.#times, UNTIL, 0n);
  }

  /** The node does not lead any more: clients are closed. */
  end(): void {
    this.handOver();
    this.#isOver = true;
    Atomics.store(this.#times, CLOSE, 0n);
  }
}
