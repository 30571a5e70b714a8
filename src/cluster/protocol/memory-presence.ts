/** Presence in one process: for simulations, and for tests of what stands above. A node that is cut off hears nobody. */
import type { Clock } from '../../platform/clock.js';
import type { MemberStatus, Presence } from './presence.js';

export class MemoryPresences {
  readonly #members = new Set<MemoryPresence>();
  /** Whether what one tells reaches another now. */
  reaches: (from: string, to: string) => boolean = () => true;

  constructor(
    private readonly clock: Clock,
    /** ms that a status is under way. */
    private readonly delay: number,
  ) {}

  connect(name: string): Presence {
    const presence = new MemoryPresence(name, this);
    this.#members.add(presence);
    return presence;
  }

  forget(presence: MemoryPresence): void {
    this.#members.delete(presence);
  }

  tell(from: string, status: MemberStatus): void {
    this.clock.after(this.delay, () => {
      for (const member of [...this.#members]) if (this.reaches(from, member.name)) member.hear(status);
    });
  }
}

class MemoryPresence implements Presence {
  #onStatus: (status: MemberStatus) => void = () => {};

  constructor(
    readonly name: string,
    private readonly presences: MemoryPresences,
  ) {}

  publish(status: MemberStatus): void {
    this.presences.tell(this.name, status);
  }

  onStatus(listener: (status: MemberStatus) => void): void {
    this.#onStatus = listener;
  }

  hear(status: MemberStatus): void {
    this.#onStatus(status);
  }

  close(): void {
    this.presences.forget(this);
  }
}
