/**
 * Stores of definitions for tests: real ones in directories of their own, and one that waits and fails when a test
 * wants it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DefinitionStore } from '../../../src/broker/definitions/definition-store.js';
import {
  type DefinitionChange,
  type DefinitionKind,
  Definitions,
  type ExchangeDefinition,
} from '../../../src/store/definitions.js';
import { DurableStage } from './stage.js';

/** A data directory over several lives of a broker. */
export class Lives {
  readonly #path: string;
  #definitions: Definitions | null = null;

  private constructor(path: string) {
    this.#path = path;
  }

  static async begin(): Promise<Lives> {
    const path = await mkdtemp(join(tmpdir(), 'leveret-definitions-'));
    const lives = new Lives(path);
    onTestFinished(async () => {
      await lives.#end();
      await rm(path, { recursive: true });
    });
    return lives;
  }

  /** Ends the life that was, if one was, without a word to its broker; begins another. */
  async next(nextPosition: (logId: number) => number = () => 0): Promise<DurableStage> {
    await this.#end();
    this.#definitions = Definitions.open(this.#path);
    const stage = new DurableStage(this.#definitions);
    await stage.coordinator.restore(nextPosition);
    return stage;
  }

  /** How many definitions of a kind are stored. */
  count(kind: DefinitionKind): number {
    return this.#definitions?.list(kind).length ?? 0;
  }

  /** Makes an exchange of the store another one behind the broker's back. */
  async put(exchange: Partial<ExchangeDefinition> & Pick<ExchangeDefinition, 'vhost' | 'name'>): Promise<void> {
    const stored = this.#definitions?.get('exchange', exchange);
    if (stored === undefined) throw new Error(`no exchange '${exchange.name}' is stored`);
    await this.#definitions?.put('exchange', { ...stored, ...exchange });
  }

  async #end(): Promise<void> {
    await this.#definitions?.close();
    this.#definitions = null;
  }
}

/** A store whose every write is under way until the test lets it end. */
export class GatedStore implements DefinitionStore {
  /** The writes under way and those that ended, in order. */
  readonly writes: (readonly DefinitionChange[])[] = [];
  /** Ends the write that is under way; null: none is. */
  #end: ((error: Error | null) => void) | null = null;
  #onBegun: (() => void) | null = null;
  #lastId = 0;

  list(): never[] {
    return [];
  }

  takeQueueId(): number {
    return ++this.#lastId;
  }

  change(changes: readonly DefinitionChange[]): Promise<void> {
    this.writes.push(changes);
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error));
    });
    this.#onBegun?.();
    return ended;
  }

  /** Lets the write that is under way, or the next to come, succeed. */
  succeed(): Promise<void> {
    return this.#finish(null);
  }

  fail(): Promise<void> {
    return this.#finish(new Error('no space left'));
  }

  async #finish(error: Error | null): Promise<void> {
    if (this.#end === null) {
      await new Promise<void>((resolve) => {
        this.#onBegun = resolve;
      });
    }
    this.#end?.(error);
    this.#end = null;
  }
}
