/**
 * The node that is copied: answers questions from views of its files. What must hold: a view is closed when its copy has
 * ended, when the same copier begins another, and when nobody has asked for a while, since nothing is cleared away
 * meanwhile; there are few at a time; whatever is asked, there is an answer, and it has no more than fits.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../platform/clock.js';
import type { Asking } from '../stream/asking.js';
import {
  ANSWER_HEAD_OCTETS,
  type CopyAnswer,
  type CopyQuestion,
  decodeQuestion,
  encodeAnswer,
} from './copy-messages.js';
import type { CopyView } from './copy-view.js';

/** A copy that asks for nothing for so long is over (ms). */
const IDLE_MS = 60_000;
/** Copies at a time. */
const COPIES_MAX = 2;
/** Files that one answer lists. */
const LISTED_MAX = 100;

interface Copy {
  readonly copier: string;
  readonly view: CopyView;
  callOff: () => void;
  /** Questions are answered one after the other: a view is closed when none is under way. */
  last: Promise<unknown>;
}

export class CopySource {
  readonly #asking: Asking;
  readonly #openView: () => Promise<CopyView>;
  readonly #clock: Clock;
  readonly #copies = new Map<string, Copy>();
  /** By the copier: a view that is being opened for it. */
  readonly #beginning = new Map<string, Promise<CopyAnswer>>();
  #isClosed = false;

  constructor(asking: Asking, openView: () => Promise<CopyView>, clock: Clock) {
    this.#asking = asking;
    this.#openView = openView;
    this.#clock = clock;
    asking.serve((question) => this.#answer(question));
  }

  /** How many copy it now. */
  get copies(): number {
    return this.#copies.size;
  }

  /** Ends all copies; what is asked later is answered as if there had been none. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#copies.keys()].map((copy) => this.#end(copy)));
  }

  async #answer(octets: Uint8Array): Promise<Uint8Array> {
    const question = decodeQuestion(octets);
    try {
      if (question === null) return encodeAnswer(octets, failed('the question cannot be read'));
      const { answer, file } = await this.#of(question);
      return encodeAnswer(octets, answer, file);
    } catch (error) {
      return encodeAnswer(octets, failed((error as Error).message));
    }
  }

  async #of(question: CopyQuestion): Promise<{ answer: CopyAnswer; file?: Uint8Array }> {
    if (question.kind === 'begin') return { answer: await this.#begin(question.copier) };
    const copy = this.#copies.get(question.copy);
    if (copy === undefined) return { answer: question.kind === 'end' ? { kind: 'ended' } : { kind: 'gone' } };
    this.#keep(question.copy, copy);
    const { view } = copy;
    switch (question.kind) {
      case 'list':
        return { answer: { kind: 'files', files: view.files.slice(question.from, question.from + LISTED_MAX) } };
      case 'read': {
        const end = view.files[question.file]?.octets ?? 0;
        const length = Math.min(question.octets, end - question.at, this.#asking.octetsMax - ANSWER_HEAD_OCTETS);
        if (!(question.at >= 0) || !(length > 0)) return { answer: failed('there is nothing at that place') };
        const read = copy.last.then(() => view.read(question.file, question.at, length));
        copy.last = read.catch(() => {});
        const file = await read;
        return file === null ? { answer: { kind: 'gone' } } : { answer: { kind: 'octets' }, file };
      }
      case 'end':
        await this.#end(question.copy);
        return { answer: { kind: 'ended' } };
      default:
        question satisfies never;
        return { answer: failed('the question is not known: this node is of an earlier version') };
    }
  }

  /** Who asks again while it is being opened gets the same one. */
  #begin(copier: string): Promise<CopyAnswer> {
    const begun = this.#beginning.get(copier);
    if (begun !== undefined) return begun;
    const begin = this.#openFor(copier).finally(() => this.#beginning.delete(copier));
    this.#beginning.set(copier, begin);
    return begin;
  }

  async #openFor(copier: string): Promise<CopyAnswer> {
    for (const [name, copy] of this.#copies) if (copy.copier === copier) await this.#end(name);
    if (this.#isFull) return { kind: 'busy' };
    const view = await this.#openView();
    if (this.#isFull) {
      await view.close();
      return { kind: 'busy' };
    }
    const name = randomUUID();
    const copy = { copier, view, callOff: () => {}, last: Promise.resolve() };
    this.#copies.set(name, copy);
    this.#keep(name, copy);
    return { kind: 'begun', copy: name, run: view.run, position: view.position, files: view.files.length };
  }

  get #isFull(): boolean {
    return this.#isClosed || this.#copies.size >= COPIES_MAX;
  }

  #keep(name: string, copy: Copy): void {
    copy.callOff();
    copy.callOff = this.#clock.after(IDLE_MS, () => {
      this.#end(name).catch(() => {});
    });
  }

  async #end(name: string): Promise<void> {
    const copy = this.#copies.get(name);
    if (copy === undefined) return;
    this.#copies.delete(name);
    copy.callOff();
    await copy.last;
    await copy.view.close();
  }
}

function failed(reason: string): CopyAnswer {
  return { kind: 'failed', reason };
}
