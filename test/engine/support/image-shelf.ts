/**
 * Where a test keeps the blocks of messages that it has sent away: images in the order of their queues, and the few
 * steps out and in.
 */
import type { Engine, Queue } from '../../../src/engine/engine.js';

/** What leaves together, in octets. */
export interface Portion {
  readonly least: number;
  readonly most: number;
}
export const BLOCK: Portion = { least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };
/** From right behind the first message. */
export const AT_HEAD = -1;
/** Somebody may be claiming the messages. */
const LATER = -1;

export class ImageShelf {
  readonly #engine: Engine;
  readonly #images = new Map<Queue, Buffer[]>();
  readonly #portion: number;
  /** Images that came back. */
  requeued = 0;

  /** `portion`: octets that go out and in at a time. */
  constructor(coordinator: Engine, portion = coordinator.stagingBytes) {
    this.#engine = coordinator;
    this.#portion = portion;
  }

  count(queue: Queue): number {
    return this.#images.get(queue)?.length ?? 0;
  }

  images(queue: Queue): readonly Buffer[] {
    return this.#images.get(queue) ?? [];
  }

  /** Sends the next messages away: a block, or what `portion` allows. False: none could leave. */
  out(queue: Queue, margin: number, whileOnItsWay?: () => unknown, portion: Portion = BLOCK): boolean {
    const engine = this.#engine;
    let octets = LATER;
    while (octets === LATER) octets = engine.pageOut(queue, margin, portion.least, portion.most);
    if (octets === 0) return false;
    const staging = this.#staging();
    const parts: Buffer[] = [];
    for (let length = -1; length !== 0; ) {
      length = engine.pageOutFill(staging, this.#portion);
      parts.push(Buffer.from(engine.bytes.slice(staging, staging + length)));
      whileOnItsWay?.();
    }
    engine.giveStaging(staging);
    if (!engine.pageOutEnd(true)) return false;
    const image = Buffer.concat(parts);
    if (image.length !== octets) throw new Error(`an image of ${octets} octets has ${image.length}`);
    this.#images.set(queue, [...(this.#images.get(queue) ?? []), image]);
    return true;
  }

  /** Brings the next image back. False: there is none, or nobody wants it any more. */
  in(queue: Queue, whileOnItsWay?: () => unknown): boolean {
    const engine = this.#engine;
    const image = this.#images.get(queue)?.[0];
    if (engine.pageIn(queue) <= 0 || image === undefined) return false;
    const staging = this.#staging();
    let at = 0;
    while (at < image.length) {
      const part = image.subarray(at, at + this.#portion);
      engine.bytes.set(part, staging);
      const taken = engine.pageInTake(staging, part.length);
      if (taken < 0) break;
      at += taken;
      whileOnItsWay?.();
    }
    engine.giveStaging(staging);
    const back = engine.pageInEnd(at === image.length);
    if (!back) return false;
    this.requeued += 1;
    this.#images.get(queue)?.shift();
    return true;
  }

  forget(queue: Queue): void {
    this.#images.delete(queue);
  }

  #staging(): number {
    const staging = this.#engine.takeStaging();
    if (staging === 0) throw new Error('no memory');
    return staging;
  }
}

/** The units of an image. */
export function unitsOf(image: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < image.length; ) {
    const span = image.readUInt32LE(at);
    units.push(image.subarray(at, at + span));
    at += span;
  }
  return units;
}
