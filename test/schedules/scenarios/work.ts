/** Whether participants have done in a run what their operations are for. */
import type { Client } from '../../engine/support/bench.js';
import { Fault, IDLE } from '../search/fault.js';

export class Work {
  /** Participants that must do something, and whether they may find nothing left to do. */
  readonly working = new Map<number, { readonly yields: boolean }>();
  readonly #done = new Set<number>();
  readonly #pulling = new Map<number, Client>();

  begin(): void {
    this.#done.clear();
  }

  did(participant: number): void {
    this.#done.add(participant);
  }

  /** A participant's work is that a client is sent messages. */
  pulls(participant: number, client: Client): void {
    this.#pulling.set(participant, client);
  }

  /** Those who must have worked have, if `served` were sent messages. */
  look(served: ReadonlySet<Client>): void {
    for (const [participant, client] of this.#pulling) if (served.has(client)) this.did(participant);
    for (const participant of this.idle()) {
      if (!this.working.get(participant)?.yields) throw new Fault(`participant ${participant} ${IDLE}`);
    }
  }

  idle(): number[] {
    return [...this.working.keys()].filter((participant) => !this.#done.has(participant));
  }
}
