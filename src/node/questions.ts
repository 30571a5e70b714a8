/**
 * Questions to the administration on their way to it, in the broker's thread. What must hold: each finds done what was
 * asked before it, though a slow hash holds nobody up but those who ask; each is answered once.
 */
import type { Administration } from '../broker/coordinator/administration.js';
import { fatal, inWords } from '../platform/fatal.js';
import { type AdministrationRequest, HOLDING_UP, perform } from './administration.js';
import type { Outcome } from './broker-messages.js';

export class Questions {
  readonly #administration: Administration;
  /** Resolves when the last of those is done that others wait for; null: nobody has to wait. */
  #last: Promise<void> | null = null;

  constructor(administration: Administration) {
    this.#administration = administration;
  }

  /** `user`: who asks; null: the program itself. */
  ask(request: AdministrationRequest, answer: (outcome: Outcome) => void, user: string | null = null): void {
    const begin = (): Promise<void> | null => {
      const work = this.#perform(request, answer, user);
      return HOLDING_UP.has(request.op) ? work : null;
    };
    const work = this.#last === null ? begin() : this.#last.then(begin);
    if (work !== null) this.#holdUp(work);
  }

  /** What is asked from now on waits until this is done. */
  #holdUp(work: Promise<unknown>): void {
    const last: Promise<void> = work.then(() => {
      if (this.#last === last) this.#last = null;
    });
    last.catch(fatal);
    this.#last = last;
  }

  /** Null: it is answered. What throws here is a defect. */
  #perform(
    request: AdministrationRequest,
    answer: (outcome: Outcome) => void,
    user: string | null,
  ): Promise<void> | null {
    const value = perform(this.#administration, request, user);
    if (!(value instanceof Promise)) {
      answer({ ok: true, value });
      return null;
    }
    // `saved` rejects when the disk does not take what was done.
    return value.then(
      (late: unknown) => answer({ ok: true, value: late }),
      (error: unknown) => answer({ ok: false, error: inWords(error) }),
    );
  }
}
