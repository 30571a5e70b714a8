/**
 * What one connection has asked the coordinator: answers come in the order of the requests, and each finds who waits
 * for it; and what its channels wait for. What must hold: what was granted ahead and cannot be made durable is told to
 * the client before anything else of its stream is taken.
 */
import type { MethodName } from '../../amqp/protocol.js';
import type { Answer, ConnectionId, Granted, Request, RequestAhead } from '../../broker/requests/requests.js';
import { fatal } from '../../platform/fatal.js';
import { refusalError } from '../errors/errors.js';
import { AskedAhead, type Pending } from './asked-ahead.js';
import type { Host } from './session.js';

/** Tells the client what a channel, or its connection, is refused. A promise: when it has been told. */
type Fail = (channel: number, error: unknown) => Promise<void> | undefined;

export class PendingRequests {
  readonly #host: Host;
  readonly #connection: ConnectionId;
  readonly #fail: Fail;
  /** What is granted and not answered. */
  readonly ahead = new AskedAhead();
  /** Take the answers that are due, in the order of the requests. */
  #takers: ((answer: Answer) => void)[] = [];
  /** Hears that the request that was asked ahead last is granted; null: all that was asked ahead is decided. */
  #onGranted: ((answer: Granted) => void) | null = null;
  /** Whether the coordinator may know of this connection. */
  #isKnown = false;

  constructor(host: Host, connection: ConnectionId, fail: Fail) {
    this.#host = host;
    this.#connection = connection;
    this.#fail = fail;
  }

  ask(method: MethodName, request: Request): Promise<Granted> {
    return new Promise((resolve, reject) => {
      this.#request(request, (answer) => {
        if (answer.ok) resolve(answer);
        else reject(refusalError(answer.refusal, method));
      });
    });
  }

  askAhead(channel: number, request: RequestAhead, onAnswer: (granted: Granted) => void): Promise<Granted> {
    return new Promise((resolve, reject) => {
      let pending: Pending | null = null;
      this.#onGranted = (granted) => {
        pending = this.ahead.add(channel, request.op);
        resolve(granted);
      };
      this.#request(request.op === 'queue.purge' ? { ...request, channel } : request, (answer) => {
        if (answer.ok) onAnswer(answer);
        if (pending !== null) return this.#settleAhead(pending, answer);
        this.#onGranted = null;
        if (answer.ok) resolve(answer);
        else reject(refusalError(answer.refusal, request.op));
      });
    });
  }

  waitFor(channel: number, method: 'tx.commit' | 'basic.get', work: Promise<void>): void {
    const pending = this.ahead.add(channel, method);
    work
      .then(
        () => this.ahead.settle(pending),
        (error: unknown) => this.#failAhead(pending, error),
      )
      .catch(fatal);
  }

  /** What was granted is durable, or cannot be. */
  #settleAhead(pending: Pending, answer: Answer): void {
    if (answer.ok) this.ahead.settle(pending);
    else this.#failAhead(pending, refusalError(answer.refusal, pending.method));
  }

  /** Nothing of the stream is taken until the client has been told. */
  #failAhead(pending: Pending, error: unknown): void {
    const told = this.#fail(pending.channel, error);
    if (told === undefined) this.ahead.settle(pending);
    else told.then(() => this.ahead.settle(pending)).catch(fatal);
  }

  /** A channel ends, and gives up what it waits for. */
  leaveChannel(channel: number): void {
    if (this.ahead.leave(channel)) this.tell({ op: 'purge.leave', channel });
  }

  tell(request: Request): void {
    this.#request(request, ignore);
  }

  #request(request: Request, take: (answer: Answer) => void): void {
    this.#isKnown = true;
    this.#takers.push(take);
    this.#host.ask(this.#connection, request);
  }

  /** The answer to the oldest request that is under way. */
  answered(answer: Answer): void {
    this.#takers.shift()?.(answer);
  }

  /** What was asked ahead is granted; the answer is still to come. */
  granted(answer: Granted): void {
    const take = this.#onGranted;
    this.#onGranted = null;
    take?.(answer);
  }

  /** Nobody waits for what is still to be answered. */
  forget(): void {
    this.#takers = this.#takers.map(() => ignore);
    this.#onGranted = null;
    this.ahead.forget();
  }

  /** Has the coordinator give up what the connection had. Null: it knows of none; else resolves when it has. */
  disconnect(): Promise<void> | null {
    if (!this.#isKnown) return null;
    return this.ask('connection.close', { op: 'disconnect' }).then(() => {
      this.#isKnown = false;
    });
  }

  /** Tells the coordinator that the connection is gone, if it knew of it, without waiting for its answer. */
  leave(): void {
    if (this.#isKnown) this.#host.ask(this.#connection, { op: 'disconnect' });
    this.#isKnown = false;
  }
}

function ignore(): void {}
