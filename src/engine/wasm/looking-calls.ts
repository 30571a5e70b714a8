/** The calls by which operators look at queues, consumers and channels. */
import {
  EMPTY_FRONT,
  HELD_CONSUMER,
  HELD_COUNT,
  HELD_ENTRY,
  HELD_QUEUE,
  HELD_SINCE,
  UNKNOWN_FRONT,
} from '../../numbers/core.js';
import type { ConsumerState, Front, Held, LookingCalls } from '../looking.js';
import type { Channel, Consumer, Queue } from '../references.js';
import type { CoreFunctions } from './exports.js';
import { WasmPublishCalls } from './publish-calls.js';
import type { Core } from './wasm-core.js';

export abstract class WasmLookingCalls extends WasmPublishCalls implements LookingCalls {
  readonly #core: CoreFunctions;
  readonly #view: DataView;

  constructor(core: Core, bytes: Uint8Array) {
    super(core, bytes);
    this.#core = core.functions;
    this.#view = new DataView(bytes.buffer);
  }

  frontOf(queue: Queue, asks: boolean): Front | null {
    const arrival = this.#core.oldestArrival(queue, asks ? 1 : 0);
    if (arrival === EMPTY_FRONT) return null;
    const timestamp = this.#core.nextTimestamp();
    return { arrival: arrival === UNKNOWN_FRONT ? null : arrival, timestamp: timestamp < 0 ? null : timestamp };
  }
  heldBy(channel: Channel): readonly Held[] {
    const count = this.#core.heldDeliveries(channel);
    return Array.from({ length: count }, (_, index) => this.#heldAt(this.scratch + index * HELD_ENTRY));
  }
  #heldAt(at: number): Held {
    return {
      consumer: this.#view.getUint32(at + HELD_CONSUMER, true),
      queue: this.#view.getUint32(at + HELD_QUEUE, true),
      count: this.#view.getUint32(at + HELD_COUNT, true),
      since: this.#view.getFloat64(at + HELD_SINCE, true),
    };
  }
  consumerState(consumer: Consumer): ConsumerState {
    return this.#core.consumerState(consumer) as ConsumerState;
  }
  lastDelivery(consumer: Consumer): number | null {
    return this.#core.deliveredAt(consumer) || null;
  }
  lastAcknowledgement(consumer: Consumer): number | null {
    return this.#core.acknowledgedAt(consumer) || null;
  }
}
