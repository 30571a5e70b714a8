/**
 * A worker's end of what operators see of its clients: answers the management's questions, over a port of their own,
 * in portions, so that a listing of thousands holds nobody up. What must hold: each question gets all its portions, the
 * last of them marked; what comes and goes meanwhile is in the list or is not.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ConnectionId, Notice } from '../broker/requests/requests.js';
import type { Depth, Row } from '../connection/inspection/rows.js';
import { fatal } from '../platform/fatal.js';

export type ToInspection =
  /** `only`: of the connection of this name; null: of all. */
  | { readonly kind: 'list'; readonly question: number; readonly depth: Depth; readonly only: string | null }
  /** Close a connection, of which there may be none any more. */
  | { readonly kind: 'close'; readonly question: number; readonly connection: ConnectionId; readonly text: string };

/** An answer, or a part of one. */
export interface FromInspection {
  readonly question: number;
  readonly rows: readonly Row[];
  readonly isLast: boolean;
}

/** A connection as far as it is looked at. */
export interface Inspected {
  readonly name: string;
  /** Null: a step on the way to a row. */
  rows(depth: Depth): Iterable<Row | null>;
  noticed(notice: Notice): void;
}

/** Rows, and connections that are passed over, of one portion at most; and how long it takes (ms), but for its last row. */
const PORTION = 200;
const PORTION_MS = 1;

export class Inspection {
  readonly #port: MessagePort;
  readonly #connections: ReadonlyMap<ConnectionId, Inspected>;
  readonly #next: () => Promise<void>;
  #isClosed = false;

  /** `next`: resolves when another portion may be made. */
  constructor(port: MessagePort, connections: ReadonlyMap<ConnectionId, Inspected>, next: () => Promise<void>) {
    this.#port = port;
    this.#connections = connections;
    this.#next = next;
    port.on('message', (message: ToInspection) => this.#onMessage(message));
  }

  /** Answers nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#port.close();
  }

  #onMessage(message: ToInspection): void {
    const work = message.kind === 'list' ? this.#list(message) : this.#end(message);
    work.catch(fatal);
  }

  async #end({ question, connection, text }: Extract<ToInspection, { kind: 'close' }>): Promise<void> {
    await this.#next();
    if (this.#isClosed) return;
    this.#connections.get(connection)?.noticed({ kind: 'close', connection, text });
    this.#tell({ question, rows: [], isLast: true });
  }

  async #list({ question, depth, only }: Extract<ToInspection, { kind: 'list' }>): Promise<void> {
    const steps = this.#steps(depth, only);
    for (;;) {
      await this.#next();
      if (this.#isClosed) return;
      const rows: Row[] = [];
      let isLast = false;
      const end = performance.now() + PORTION_MS;
      // A channel that holds very much takes longer than others.
      for (let step = 0; step < PORTION && !isLast && (step === 0 || performance.now() < end); step++) {
        const { done, value } = steps.next();
        if (done) isLast = true;
        else if (value !== null) rows.push(value);
      }
      this.#tell({ question, rows, isLast });
      if (isLast) return;
    }
  }

  /** Null: a connection that is passed over. The maps behind it may change between two steps. */
  *#steps(depth: Depth, only: string | null): Generator<Row | null, void> {
    for (const connection of this.#connections.values()) {
      if (only === null || connection.name === only) yield* connection.rows(depth);
      else yield null;
    }
  }

  #tell(answer: FromInspection): void {
    this.#port.postMessage(answer);
  }
}
