/**
 * Says durably how far a node has applied the stream, soon after it has. What must hold: what is saved is written
 * already, whatever else is under way; saves come one after the other, and never go back. A save costs a sync, so there
 * are at most ten a second.
 */
import type { Clock } from '../../platform/clock.js';
import type { Followed } from '../../store/definitions.js';

/** Between two saves (ms). */
const EVERY = 100;
/** Before one that failed is tried again (ms). */
const AGAIN = 1000;

export interface PositionSaverOptions {
  readonly clock: Clock;
  readonly saved: Followed['position'];
  /** What is to be saved now. */
  readonly current: () => Followed;
  readonly save: (followed: Followed) => Promise<void>;
  readonly onSaved: (sequence: number) => void;
  /** It cannot be saved, and is tried again; null: that is over. */
  readonly onTrouble: (error: Error | null) => void;
}

export class PositionSaver {
  readonly #options: PositionSaverOptions;
  #saved: Followed['position'];
  #saving: Promise<void> | null = null;
  #callOff: (() => void) | null = null;
  #isInTrouble = false;
  #isEnded = false;

  constructor(options: PositionSaverOptions) {
    this.#options = options;
    this.#saved = options.saved;
  }

  get saved(): Followed['position'] {
    return this.#saved;
  }

  /** There may be something to save. */
  soon(): void {
    if (this.#isEnded || this.#saving !== null || this.#callOff !== null || !this.#isBehind) return;
    this.#later(EVERY);
  }

  /** It was saved with something else. */
  took(position: Followed['position']): void {
    if (position.sequence <= this.#saved.sequence) return;
    this.#saved = position;
    this.#options.onSaved(position.sequence);
  }

  /** Saves what there is, and nothing any more. Rejects where that fails. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#callOff?.();
    this.#callOff = null;
    await this.#saving?.catch(() => undefined);
    if (this.#isBehind) await this.#save();
  }

  /** Saves nothing any more. */
  drop(): void {
    this.#isEnded = true;
    this.#callOff?.();
    this.#callOff = null;
  }

  get #isBehind(): boolean {
    return this.#options.current().position.sequence > this.#saved.sequence;
  }

  #later(delay: number): void {
    this.#callOff = this.#options.clock.after(delay, () => {
      this.#callOff = null;
      this.#saving = this.#save()
        .then(
          () => this.#trouble(null),
          (error: Error) => this.#trouble(error),
        )
        .finally(() => {
          this.#saving = null;
          if (this.#isInTrouble && !this.#isEnded) this.#later(AGAIN);
          else this.soon();
        });
    });
  }

  #trouble(error: Error | null): void {
    if (error !== null || this.#isInTrouble) this.#options.onTrouble(error);
    this.#isInTrouble = error !== null;
  }

  async #save(): Promise<void> {
    const followed = this.#options.current();
    await this.#options.save(followed);
    this.took(followed.position);
  }
}
