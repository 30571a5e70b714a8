/**
 * What tests ask of a broker, done in the broker thread. What must hold: what was asked for has taken effect in all
 * workers when it is answered.
 */
import type { Coordinator } from '../../broker/coordinator/coordinator.js';
import type { OpenConnection } from '../../broker/decisions/sessions.js';
import type { FaultSettings, PublishedMessage } from '../../connection/faults/faults.js';
import { type Engine, NO_FEATURES, Overflow, unacked } from '../../engine/engine.js';
import type { ManualClock } from '../../platform/manual-clock.js';
import type { HeldByClient } from '../../worker/test-hooks.js';
import type { Alarms } from '../alarms.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import { Passes } from './passes.js';
import type { QueueOutcome, QueueState, QueueWish, TestRequest, Unsettled } from './test-requests.js';
import { TestTime } from './test-time.js';

/** Queues that are named where another one was not found. */
const NAMED = 20;

interface Parts {
  readonly clock: ManualClock | null;
  readonly engine: Engine;
  readonly pool: WorkerPool;
  readonly coordinator: Coordinator;
  readonly alarms: Pick<Alarms, 'block'>;
  /** Hears of what was published to exchanges that tests listen to. */
  tell(message: PublishedMessage): void;
}

export class BrokerTests {
  readonly #parts: Parts;
  readonly #time: TestTime;
  readonly #passes: Passes;
  /** Null: nobody has asked for anything. */
  #faults: FaultSettings | null = null;

  constructor(parts: Parts) {
    const { clock, engine, pool } = parts;
    this.#parts = parts;
    this.#passes = new Passes(pool);
    this.#time = new TestTime(clock, engine, async () => {
      const quiet = await Promise.all(pool.test({ op: 'settle' }));
      return quiet.every((isQuiet) => isQuiet === true);
    });
    pool.published = (message) => parts.tell(message);
  }

  /** Rejects with what is wrong about a request, in words for who writes the test. */
  async perform(request: TestRequest): Promise<unknown> {
    const { pool, alarms } = this.#parts;
    switch (request.op) {
      case 'advance':
        return this.#time.advance(request.milliseconds);
      case 'close connection':
        return this.#closeConnections(request.name);
      case 'network':
        return this.#switchNetwork(request.name, request.isLost);
      case 'nack next':
        return this.#nackNext(request.count);
      case 'delay confirms':
        return this.#change({ confirmDelay: request.milliseconds });
      case 'block':
        await this.#change({ blockedBy: request.reason });
        return alarms.block(request.reason);
      case 'tap':
        return this.#tap(request);
      case 'sync':
        await Promise.all(pool.test({ op: 'settle' }));
        return;
      case 'await queue':
        return this.#awaitQueue(request.vhost, request.queue, request.wish, request.limit);
      case 'await acknowledgements':
        return this.#awaitAcknowledgements(request.vhost, request.limit);
      default:
        return request satisfies never;
    }
  }

  #connections(name: string | null): readonly OpenConnection[] {
    const all = this.#parts.coordinator.administration.connections();
    if (name === null) return all;
    const meant = all.filter((connection) => connection.name === name);
    if (meant.length > 0) return meant;
    const names = all.map((connection) => (connection.name === null ? 'one without a name' : `'${connection.name}'`));
    const there = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
    throw new Error(`no connection is called '${name}' (connection_name); ${there}`);
  }

  #closeConnections(name: string | null): number {
    const meant = this.#connections(name);
    const text = "broker forced connection closure with reason 'a test has asked for it'";
    for (const { id } of meant) this.#parts.pool.notify({ kind: 'close', connection: id, text });
    return meant.length;
  }

  async #switchNetwork(name: string | null, isLost: boolean): Promise<void> {
    const { pool } = this.#parts;
    const questions = this.#lostOrOpen(name, isLost).flatMap((connection) =>
      pool.test({ op: 'network', connection, isLost }),
    );
    const answers = await Promise.all(questions);
    if (!isLost) this.#lost.delete(name);
    if (!isLost && answers.every((isHere) => isHere !== true))
      throw new Error('the network of no such connection is lost');
  }

  /** Connections whose network is lost, by the names that were asked for: some may have been given up since. */
  readonly #lost = new Map<string | null, readonly number[]>();

  #lostOrOpen(name: string | null, isLost: boolean): readonly number[] {
    if (!isLost) return this.#lost.get(name) ?? [];
    const ids = this.#connections(name).map(({ id }) => id);
    this.#lost.set(name, [...(this.#lost.get(name) ?? []), ...ids]);
    return ids;
  }

  async #nackNext(count: number): Promise<void> {
    const nacks = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    Atomics.store(new Int32Array(nacks), 0, count);
    await this.#change({ nacks, nacksSome: count > 0 });
  }

  async #tap({ vhost, exchange, isOn }: Extract<TestRequest, { op: 'tap' }>): Promise<void> {
    const others = (this.#faults?.tapped ?? []).filter((one) => one.vhost !== vhost || one.exchange !== exchange);
    await this.#change({ tapped: isOn ? [...others, { vhost, exchange }] : others });
  }

  async #change(change: Partial<FaultSettings>): Promise<void> {
    const settings = { ...(this.#faults ?? this.#noFaults()), ...change };
    this.#faults = settings;
    await Promise.all(this.#parts.pool.test({ op: 'faults', settings }));
  }

  #noFaults(): FaultSettings {
    const { engine } = this.#parts;
    const refusing = engine.createQueue();
    engine.setFeatures(refusing, { ...NO_FEATURES, maxLength: 0, overflow: Overflow.REJECT_PUBLISH });
    const nacks = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    return { tapped: [], nacks, nacksSome: false, refusing, confirmDelay: 0, blockedBy: null };
  }

  async #awaitQueue(vhost: string, name: string, wish: QueueWish, limit: number): Promise<QueueOutcome> {
    return this.#until(limit, (isLast) => {
      const state = this.#state(vhost, name);
      const isMet = state !== null && meets(state, wish);
      if (!isMet && !isLast) return null;
      return { isMet, state, queues: this.#parts.coordinator.queueNames(vhost).slice(0, NAMED) };
    });
  }

  #state(vhost: string, name: string): QueueState | null {
    const { coordinator, engine } = this.#parts;
    const queue = coordinator.queue(vhost, name);
    if (queue === null) return null;
    const { ref, consumers } = queue;
    return { ready: engine.readyCount(ref), unacknowledged: unacked(engine, ref), consumers };
  }

  #awaitAcknowledgements(vhost: string | null, limit: number): Promise<readonly Unsettled[]> {
    return this.#until(limit, async (isLast) => {
      const held = await this.#held(vhost);
      return held.length === 0 || isLast ? held : null;
    });
  }

  async #held(vhost: string | null): Promise<readonly Unsettled[]> {
    const { pool, coordinator } = this.#parts;
    const answers = (await Promise.all(pool.test({ op: 'held' }))) as HeldByClient[][];
    const names = new Map(coordinator.administration.connections().map(({ id, name }) => [id, name]));
    return answers
      .flat()
      .filter((held) => vhost === null || held.vhost === vhost)
      .map(({ connection, connectionName, ...held }) => ({
        ...held,
        connection: names.get(connection) ?? connectionName,
        connectionId: connection,
      }));
  }

  /** Looks until there is something, after each pass of a worker; when the limit (ms) is over, for the last time. */
  async #until<T>(limit: number, look: (isLast: boolean) => T | null | Promise<T | null>): Promise<T> {
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isOver = true;
        resolve();
      }, limit);
    });
    try {
      for (;;) {
        const next = this.#passes.next();
        const found = await look(isOver);
        if (found !== null) return found;
        await Promise.race([next, over]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

function meets(state: QueueState, wish: QueueWish): boolean {
  return (Object.keys(wish) as (keyof QueueWish)[]).every((name) => wish[name] === state[name]);
}
