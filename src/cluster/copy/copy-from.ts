/**
 * The node that copies: asks for the source's files, some portions ahead, and adds them to its staging in order. What
 * must hold: what is added was right, octet by octet; a copy that breaks off goes on where it was; it ends in an error
 * that says why, or whole.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ChainPosition } from '../records/link.js';
import type { Asking } from '../stream/asking.js';
import { CopyError } from './copy-error.js';
import {
  ANSWER_HEAD_OCTETS,
  type Begun,
  type CopiedFile,
  type CopyQuestion,
  decodeAnswer,
  encodeQuestion,
  type ReadAnswer,
} from './copy-messages.js';
import { type CopyStaging, isNameOfFile } from './copy-staging.js';

export interface CopyProgress {
  readonly octets: number;
  readonly of: number;
}

export interface CopyOptions {
  readonly asking: Asking;
  /** The node that is copied. */
  readonly source: string;
  /** This node. */
  readonly copier: string;
  readonly staging: CopyStaging;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<CopyLimits>;
}

export interface CopyLimits {
  /** Of a file, in one answer. */
  readonly portion: number;
  /** Portions that are asked for at a time. */
  readonly ahead: number;
  /** How long an answer may take (ms). */
  readonly answerMs: number;
  /** How often a question is asked that gets none, or a wrong one. */
  readonly tries: number;
  /** How often all begins again, because files were cleared away. */
  readonly begins: number;
  /** Between two tries (ms). */
  readonly pauseMs: number;
}

const LIMITS: CopyLimits = { portion: 256 << 10, ahead: 4, answerMs: 5000, tries: 6, begins: 10, pauseMs: 200 };

/** Resolves with what the copy is of, when it is whole and on disk. Rejects with a CopyError, or the signal's reason. */
export async function copyFrom(options: CopyOptions): Promise<ChainPosition> {
  const copying = new Copying(options);
  try {
    return await copying.run();
  } finally {
    await options.staging.close().catch(() => {});
  }
}

/** Its files are cleared away, or it has forgotten the copy. */
const GONE = Symbol('gone');

class Copying {
  readonly #options: CopyOptions;
  readonly #limits: CopyLimits;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  async run(): Promise<ChainPosition> {
    const { staging, source } = this.#options;
    for (let begins = 0; begins < this.#limits.begins; begins++) {
      const begun = await this.#begin();
      const files = await this.#list(begun);
      if (files === GONE) continue;
      const there = await staging.begin(begun.run, files);
      if ((await this.#copy(begun.copy, files, there)) === GONE) continue;
      await staging.finish(begun.position);
      await this.#ask({ kind: 'end', copy: begun.copy });
      return begun.position;
    }
    throw new CopyError('gone', source, `they were cleared away ${this.#limits.begins} times while they were copied`);
  }

  async #begin(): Promise<Begun> {
    const { source, copier } = this.#options;
    const { answer } = await this.#ask({ kind: 'begin', copier });
    if (answer.kind === 'begun') return answer;
    if (answer.kind === 'busy') throw new CopyError('busy', source, 'other nodes copy them: try again later');
    throw this.#refused(answer.kind === 'failed' ? answer.reason : `it answers '${answer.kind}'`);
  }

  async #list({ copy, files: count }: Begun): Promise<readonly CopiedFile[] | typeof GONE> {
    const files: CopiedFile[] = [];
    while (files.length < count) {
      const { answer } = await this.#ask({ kind: 'list', copy, from: files.length });
      if (answer.kind === 'gone') return GONE;
      if (answer.kind !== 'files' || answer.files.length === 0) throw this.#refused('it does not list its files');
      files.push(...answer.files);
    }
    const wrong = files.find(({ name }) => !isNameOfFile(name));
    if (wrong !== undefined) throw this.#refused(`'${wrong.name}' is no name of a file`);
    return files;
  }

  async #copy(copy: string, files: readonly CopiedFile[], there: readonly number[]): Promise<typeof GONE | undefined> {
    const { staging, onProgress } = this.#options;
    const of = files.reduce((sum, { octets }) => sum + octets, 0);
    let octets = there.reduce((sum, length) => sum + length, 0);
    onProgress?.({ octets, of });
    const portions = this.#portions(files, there);
    const ahead: { readonly name: string; readonly asked: Promise<ReadAnswer> }[] = [];
    const askNext = (): void => {
      const { value } = portions.next();
      if (value === undefined) return;
      const asked = this.#ask({ kind: 'read', copy, ...value });
      // Whoever comes to it hears of it; until then it is nobody's.
      asked.catch(() => {});
      ahead.push({ name: (files[value.file] as CopiedFile).name, asked });
    };
    for (let i = 0; i < this.#limits.ahead; i++) askNext();
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
      const { answer, octets: part } = await next.asked;
      if (answer.kind === 'gone') return GONE;
      if (answer.kind !== 'octets') throw this.#refused(answer.kind === 'failed' ? answer.reason : answer.kind);
      askNext();
      await staging.append(next.name, part);
      octets += part.length;
      onProgress?.({ octets, of });
    }
    return undefined;
  }

  *#portions(files: readonly CopiedFile[], there: readonly number[]) {
    const portion = Math.min(this.#limits.portion, this.#options.asking.octetsMax - ANSWER_HEAD_OCTETS);
    for (const [file, { octets: end }] of files.entries()) {
      for (let at = there[file] ?? 0; at < end; at += portion) yield { file, at, octets: Math.min(portion, end - at) };
    }
  }

  /** Asks until there is an answer that is right. */
  async #ask(question: CopyQuestion): Promise<ReadAnswer> {
    const { asking, source, signal } = this.#options;
    const { tries, answerMs, pauseMs } = this.#limits;
    const octets = encodeQuestion(question);
    let error = new CopyError('silent', source, 'it was not asked');
    for (let asked = 0; asked < tries; asked++) {
      signal?.throwIfAborted();
      if (asked > 0) await pause(pauseMs);
      const heard = await asking.ask(source, octets, answerMs);
      if (heard.kind === 'silent') {
        error = new CopyError('silent', source, `it gives no answer, asked ${asked + 1} times (${heard.reason})`);
        continue;
      }
      const answer = decodeAnswer(octets, heard.octets);
      const isRight = answer !== null && (question.kind !== 'read' || isWhole(answer, question.octets));
      if (isRight) return answer;
      error = new CopyError('corrupt', source, `what arrives is not what was sent, ${asked + 1} times in a row`);
    }
    throw error;
  }

  #refused(reason: string): CopyError {
    return new CopyError('refused', this.#options.source, reason);
  }
}

function isWhole({ answer, octets }: ReadAnswer, asked: number): boolean {
  return answer.kind !== 'octets' || octets.length === asked;
}
