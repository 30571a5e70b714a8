/** The calls by which messages are looked at, and taken out to be moved (assembly/queue/browse.ts, take.ts). */
import {
  BROWSE_END,
  BROWSE_SPILLED,
  BROWSED_ARRIVAL,
  BROWSED_BODY_LENGTH,
  BROWSED_BODY_SIZE,
  BROWSED_HEAD,
  BROWSED_HEADER_LENGTH,
  BROWSED_KEY_LENGTH,
  BROWSED_POSITION,
  BROWSED_SPAN,
  BROWSED_STATE,
  FARTHEST,
  SLOT_REDELIVERED,
  SLOT_REQUEUES_SHIFT,
  TAKE_AGAIN,
  TAKE_SHORT,
  TAKE_SPILLED,
} from '../../numbers/core.js';
import type { BrowseCalls, BrowsedMessage, BrowsedPortion, TakenMessage } from '../browsing.js';
import type { Queue } from '../references.js';
import type { CoreFunctions } from './exports.js';
import { WasmSpillCalls } from './spill-calls.js';
import type { Core } from './wasm-core.js';

export abstract class WasmBrowseCalls extends WasmSpillCalls implements BrowseCalls {
  readonly bytes: Uint8Array;
  readonly #core: CoreFunctions;

  constructor(core: Core, bytes: Uint8Array) {
    super(core);
    this.#core = core.functions;
    this.bytes = bytes;
  }

  browse(one: Queue, from: number | null, slots: number, bodyMost: number): BrowsedPortion {
    const room = this.takeStaging();
    if (room === 0) return { messages: [], next: from ?? 0, stop: 'short' };
    const isAnew = from === null ? 1 : 0;
    const octets = this.#core.browse(one, from ?? 0, isAnew, slots, bodyMost, room, this.stagingBytes) >>> 0;
    const messages = browsedIn(this.bytes, room, octets);
    this.giveStaging(room);
    const next = this.#core.browseNext() >>> 0;
    return { messages, next, stop: stopOf(this.#core.browseStop()) };
  }

  take(one: Queue, from: number | null, end: number): TakenMessage | 'again' | 'end' | 'spilled' | 'short' {
    const slot = this.#core.takeFrom(one, from ?? (end - FARTHEST) >>> 0, end) >>> 0;
    if (slot === 0) return outcomeOf(this.#core.takeOutcome());
    return { slot, message: this.#core.takenMessage(slot) >>> 0, position: this.#core.takenPosition() >>> 0 };
  }
  settleTaken({ slot }: TakenMessage): void {
    this.#core.settleTaken(slot);
  }
  putTakenBack({ slot }: TakenMessage): void {
    this.#core.putTakenBack(slot);
  }
}

function stopOf(stop: number): BrowsedPortion['stop'] {
  if (stop === BROWSE_SPILLED) return 'spilled';
  return stop === BROWSE_END ? 'end' : 'more';
}

function outcomeOf(outcome: number): 'again' | 'end' | 'spilled' | 'short' {
  switch (outcome) {
    case TAKE_AGAIN:
      return 'again';
    case TAKE_SPILLED:
      return 'spilled';
    case TAKE_SHORT:
      return 'short';
    default:
      return 'end';
  }
}

/** Reads copies that stand one behind the other. */
function browsedIn(bytes: Uint8Array, from: number, octets: number): BrowsedMessage[] {
  const view = new DataView(bytes.buffer, from, octets);
  const messages: BrowsedMessage[] = [];
  for (let at = 0; at < octets; at += view.getUint32(at + BROWSED_SPAN, true)) {
    const word = (field: number): number => view.getUint32(at + field, true);
    const key = from + at + BROWSED_HEAD;
    const header = key + word(BROWSED_KEY_LENGTH);
    const body = header + word(BROWSED_HEADER_LENGTH);
    const state = word(BROWSED_STATE);
    messages.push({
      position: word(BROWSED_POSITION),
      redelivered: (state & SLOT_REDELIVERED) !== 0,
      requeues: state >>> SLOT_REQUEUES_SHIFT,
      arrival: view.getFloat64(at + BROWSED_ARRIVAL, true),
      key: bytes.slice(key, header),
      header: bytes.slice(header, body),
      bodySize: word(BROWSED_BODY_SIZE),
      body: bytes.slice(body, body + word(BROWSED_BODY_LENGTH)),
    });
  }
  return messages;
}
