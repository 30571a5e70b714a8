/** Questions between nodes in one process, that may be lost, changed, or heard twice. */
import type { Asked, Asking } from '../../../src/cluster/stream/asking.js';

export interface AskingFaults {
  /** Whether an answer is lost, before it is given or on its way. */
  isLost?(): boolean;
  /** Changes what arrives. */
  change?(octets: Uint8Array): Uint8Array;
  /** Whether a question is heard twice. */
  isDoubled?(): boolean;
}

export class MemoryAsking {
  readonly #answerers = new Map<string, (question: Uint8Array) => Promise<Uint8Array>>();
  faults: AskingFaults = {};
  asked = 0;

  constructor(readonly octetsMax = 1 << 20) {}

  of(node: string): Asking {
    return {
      octetsMax: this.octetsMax,
      ask: (other, question) => this.#ask(other, question),
      serve: (answer) => void this.#answerers.set(node, answer),
      close: async () => void this.#answerers.delete(node),
    };
  }

  async #ask(node: string, question: Uint8Array): Promise<Asked> {
    this.asked += 1;
    const answer = this.#answerers.get(node);
    if (answer === undefined) return { kind: 'silent', reason: 'nobody hears' };
    if (this.faults.isLost?.()) return { kind: 'silent', reason: 'the question is lost' };
    if (this.faults.isDoubled?.()) await answer(question);
    const octets = await answer(question);
    if (octets.length > this.octetsMax) throw new Error(`an answer of ${octets.length} octets does not fit`);
    if (this.faults.isLost?.()) return { kind: 'silent', reason: 'the answer is lost' };
    return { kind: 'answered', octets: this.faults.change?.(octets) ?? octets };
  }
}
