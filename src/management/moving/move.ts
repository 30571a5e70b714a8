/**
 * One move: takes messages out of a queue one by one, publishes each anew and settles its old place, in one turn of this
 * participant. What must hold: the new place of a message and the end of its old one are in one batch of the log, so that
 * a broker that is killed has it in one of the two; what leads nowhere, is refused or does not match stays where it was;
 * only what was ready when the move began is moved; a turn is short, and no more is written ahead than `AHEAD` messages.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Principal } from '../../broker/access/principal.js';
import { remember } from '../../broker/history/remember.js';
import { publishRefusal, rightRefusal, topicRefusal } from '../../broker/topology/access.js';
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { TakenMessage } from '../../engine/browsing.js';
import type { Extent } from '../../engine/engine.js';
import type { Worker } from '../../worker/worker.js';
import { MessageFilter, readMessage } from '../browsing/message-filter.js';
import type { MoveSpec } from './move-spec.js';
import { type Address, addressOf, headerWith, keyOf, withoutDeaths } from './readdressed.js';

export type Moving = Pick<Worker, 'engine' | 'view' | 'delays' | 'log' | 'alarms' | 'eventLoop' | 'syncTopology'>;

export type MoveState = 'running' | 'waiting' | 'done' | 'failed' | 'cancelled';

/** A turn ends after so many messages, or so long (ms). */
const TURN = 64;
const TURN_MS = 3;
/** Messages that are moved before what was moved is durable. */
const AHEAD = 512;
/** How long until what was not there is looked for again (ms). */
const PAUSE_MS = 10;
/** What stays may take this share of the memory: it has to stand in memory behind what was looked at. */
const STAYING_SHARE = 1 / 4;
/** So many messages are counted ahead in what is kept on disk. */
export const COUNTED_AHEAD = 1_000;

/** Why a turn ended before its time. */
type TurnEnd = 'more' | 'end' | { readonly waits: string } | { readonly fails: string };

export class Move {
  state: MoveState = 'running';
  reason: string | null = null;
  moved = 0;
  passed = 0;
  unroutable = 0;
  endedAt: number | null = null;
  readonly id: string;
  readonly spec: MoveSpec;
  readonly startedAt: number;
  readonly #moving: Moving;
  readonly #principal: Principal;
  readonly #filter: MessageFilter;
  readonly #isResumed: boolean;
  /** The queue, and how far it went when the move began here; null: it has not. */
  #begun: { readonly id: QueueEntry['id']; readonly extent: Extent } | null = null;
  #priority = 0;
  /** Behind the message that was looked at last; null: at the first of the priority. */
  #from: number | null = null;
  #stayingOctets = 0;
  #sinceDurable = 0;
  #isHalted = false;
  /** Asked to keep, before more is moved, that so many messages may be moved. */
  readonly #promise: (moved: number) => Promise<void>;
  #promised: number;

  /** `moved`: what a life before has promised to move; null: this is the first. */
  constructor(
    moving: Moving,
    principal: Principal,
    { id, spec, startedAt, moved }: { id: string; spec: MoveSpec; startedAt: number; moved: number | null },
    promise: (moved: number) => Promise<void>,
  ) {
    this.#moving = moving;
    this.#principal = principal;
    this.id = id;
    this.spec = spec;
    this.startedAt = startedAt;
    this.#isResumed = moved !== null;
    this.moved = moved ?? 0;
    this.#promised = this.moved;
    this.#filter = new MessageFilter(spec.filter);
    this.#promise = promise;
  }

  get isOver(): boolean {
    return this.endedAt !== null;
  }

  /** No turn begins any more. It goes on with the next start of the broker, unless it is cancelled. */
  halt(): void {
    this.#isHalted = true;
  }

  cancel(): void {
    this.#isHalted = true;
    this.#end('cancelled', null);
  }

  /** Moves until it is over, or halted. */
  async run(): Promise<void> {
    while (!this.#isHalted) {
      await this.#keepPromise();
      if (this.#isHalted) return;
      const end = this.#turn();
      if (end === 'end') {
        await this.#moving.log?.durable();
        if (!this.#isHalted) this.#end('done', null);
        return;
      }
      if (typeof end === 'object' && 'fails' in end) return this.#end('failed', end.fails);
      this.state = end === 'more' ? 'running' : 'waiting';
      this.reason = end === 'more' ? null : end.waits;
      if (this.#sinceDurable >= AHEAD) {
        this.#sinceDurable = 0;
        await this.#moving.log?.durable();
      }
      if (end === 'more') await setImmediate();
      else await setTimeout(PAUSE_MS);
    }
  }

  #end(state: MoveState, reason: string | null): void {
    this.state = state;
    this.reason = reason;
    this.endedAt = Date.now();
  }

  async #keepPromise(): Promise<void> {
    const { count } = this.spec;
    if (count === null || this.moved < this.#promised || this.moved >= count) return;
    this.#promised = Math.min(count, this.moved + COUNTED_AHEAD);
    await this.#promise(this.#promised);
  }

  /** Some messages. */
  #turn(): TurnEnd {
    const { view, alarms, eventLoop } = this.#moving;
    this.#moving.syncTopology();
    const { vhost, queue: name, count } = this.spec;
    const queue = view.queue(vhost, name);
    if (queue === undefined) return { fails: `there is no queue '${name}' in vhost '${vhost}' any more` };
    const refusal = rightRefusal(this.#principal, 'read', { kind: 'queue', vhost, name });
    if (refusal !== null) return { fails: refusal.text };
    if (alarms.isLowOnDisk) return { waits: 'low on disk' };
    this.#begun ??= this.#begin(queue);
    if (this.#begun.id !== queue.id) return { fails: 'another queue has the name by now' };
    // What dies, and what was recorded, is the event loop's.
    eventLoop.begin();
    const until = performance.now() + TURN_MS;
    for (let i = 0; i < TURN && performance.now() < until; i++) {
      if (count !== null && this.moved >= count) return 'end';
      if (count !== null && this.moved >= this.#promised) return 'more';
      const end = this.#next(queue, this.#begun.extent);
      if (end !== 'more') return end;
    }
    return 'more';
  }

  #begin(queue: QueueEntry): { readonly id: QueueEntry['id']; readonly extent: Extent } {
    const extent = this.#moving.engine.extentOf(queue.ref);
    this.#priority = extent.length / 2 - 1;
    return { id: queue.id, extent };
  }

  /** One message. */
  #next(queue: QueueEntry, extent: Extent): TurnEnd {
    const { engine } = this.#moving;
    const one = engine.priorityOf(queue.ref, this.#priority, false);
    const taken = one === 0 ? 'end' : engine.take(one, this.#from, extent[2 * this.#priority] ?? 0);
    switch (taken) {
      case 'again':
        return 'more';
      case 'spilled':
        return { waits: 'the next message is on its way from disk' };
      case 'short':
        return { waits: 'low on memory' };
      case 'end':
        return this.#endPriority();
      default:
        return this.#treat(taken);
    }
  }

  #endPriority(): TurnEnd {
    if (this.#priority === 0) return 'end';
    this.#priority -= 1;
    this.#from = null;
    return 'more';
  }

  #treat(taken: TakenMessage): TurnEnd {
    const { engine } = this.#moving;
    const { message } = taken;
    const header = new Uint8Array(engine.messageHeader(message));
    const read = readMessage({ key: new Uint8Array(engine.messageKey(message)), header });
    // After a restart positions are others: what has come since is known by its time, and stands behind all else.
    if (this.#isResumed && engine.messageArrival(message) > this.startedAt) {
      engine.putTakenBack(taken);
      return this.#endPriority();
    }
    const body = this.#filter.searchesBody ? engine.messageBody(message) : NOTHING;
    if (!this.#filter.matches(read, body)) {
      this.passed += 1;
      return this.#stay(taken, read?.bodySize ?? 0);
    }
    const address = read === null ? null : addressOf(this.spec, read);
    if (read === null || address === null) {
      this.unroutable += 1;
      return this.#stay(taken, read?.bodySize ?? 0);
    }
    const refusal = this.#refusal(address);
    if (refusal !== null) {
      engine.putTakenBack(taken);
      return { fails: refusal };
    }
    const sent = this.#send(taken, address, read.properties, header);
    if (sent === null) {
      engine.putTakenBack(taken);
      return { waits: 'low on memory' };
    }
    if (!sent) {
      this.unroutable += 1;
      return this.#stay(taken, read.bodySize);
    }
    engine.settleTaken(taken);
    this.moved += 1;
    this.#sinceDurable += 1;
    this.#from = (taken.position + 1) >>> 0;
    return 'more';
  }

  #refusal({ exchange, routingKey }: Address): string | null {
    const { view } = this.#moving;
    const actor = { id: 0, principal: this.#principal, vhost: this.spec.vhost };
    const refusal = publishRefusal(view, actor, exchange) ?? topicRefusal(view, 'write', actor, exchange, [routingKey]);
    return refusal?.text ?? null;
  }

  /** False: nobody has taken it; null: there is no memory. */
  #send(
    { message }: TakenMessage,
    address: Address,
    before: Parameters<typeof withoutDeaths>[0],
    given: Uint8Array,
  ): boolean | null {
    const { engine, view, delays } = this.#moving;
    const { vhost } = this.spec;
    const properties = this.spec.deaths === 'remove' ? withoutDeaths(before) : before;
    const header = properties === before ? given : headerWith(given, properties);
    const key = keyOf(address);
    const routed = view.routeMessage({ vhost, ...address, properties });
    if (routed.queues.length + routed.delays.length === 0) return false;
    const refused = routed.queues.length === 0 ? [] : engine.republish(message, key, header, routed.queues);
    if (refused === null) return null;
    if (refused.length === routed.queues.length && routed.delays.length === 0) return false;
    remember(engine, routed.histories, { message, key, header });
    for (const delay of routed.delays) delays.add(vhost, delay, { message, key, header });
    return true;
  }

  #stay(taken: TakenMessage, bodySize: number): TurnEnd {
    const { engine } = this.#moving;
    this.#stayingOctets += engine.messageHeader(taken.message).length + bodySize;
    engine.putTakenBack(taken);
    this.#from = (taken.position + 1) >>> 0;
    if (this.#stayingOctets <= engine.bytes.length * STAYING_SHARE) return 'more';
    return { fails: 'what stays takes a quarter of the memory: give the broker more, or move all' };
  }
}

const NOTHING = new Uint8Array(0);
