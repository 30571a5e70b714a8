/**
 * Holds back the confirms of one connection for a while. What must hold: they leave in the order in which the core has
 * made them, none twice, and all else at once.
 */
import { decodeMethod, FrameType, readFrame } from '../../amqp/frames.js';
import type { Clock } from '../../platform/clock.js';

/** What the broker sends by these is a confirm: it acknowledges nothing else. */
const CONFIRMS: readonly string[] = ['basic.ack', 'basic.nack'];

export class LateConfirms {
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #send: (frame: Uint8Array) => void;
  readonly #waiting = new Set<{ readonly frame: Uint8Array; readonly callOff: () => void }>();

  /** `send` sends a frame behind all that was sent before. */
  constructor(clock: Clock, delay: number, send: (frame: Uint8Array) => void) {
    this.#clock = clock;
    this.#delay = delay;
    this.#send = send;
  }

  /** Takes whole frames that go out. Returns a copy of those that go now. */
  take(bytes: Uint8Array): Uint8Array {
    const now: Uint8Array[] = [];
    let rest = bytes;
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      const whole = rest.slice(0, frame.length);
      rest = rest.subarray(frame.length);
      const isConfirm = frame.type === FrameType.METHOD && CONFIRMS.includes(decodeMethod(frame.payload).name);
      if (isConfirm) this.#hold(whole);
      else now.push(whole);
    }
    return Buffer.concat(now);
  }

  #hold(frame: Uint8Array): void {
    const callOff = this.#clock.after(this.#delay, () => {
      this.#waiting.delete(waiting);
      this.#send(frame);
    });
    const waiting = { frame, callOff };
    this.#waiting.add(waiting);
  }

  /** Sends all that waits. */
  release(): void {
    const waiting = [...this.#waiting];
    this.stop();
    for (const { frame } of waiting) this.#send(frame);
  }

  /** The connection is gone. */
  stop(): void {
    for (const { callOff } of this.#waiting) callOff();
    this.#waiting.clear();
  }
}
