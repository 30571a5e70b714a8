/** What one participant of the twin is composed of. */

import type { SharedCore } from '../engine.js';
import type { Channel } from './amqp/connection.js';
import { Deliveries } from './amqp/deliveries.js';
import { ConnectionReader } from './amqp/ingest.js';
import { Output } from './amqp/output.js';
import { Publishes } from './amqp/publishes.js';
import { Routes } from './amqp/routes.js';
import { Scheduler } from './amqp/scheduler.js';
import { Settlements } from './amqp/settlements.js';
import { Work } from './amqp/work.js';
import { Emptying } from './emptying.js';
import { Log } from './log/log.js';
import { CounterLists } from './memory/counter-lists.js';
import { Counters } from './memory/counters.js';
import { Doorbell } from './memory/doorbell.js';
import { Latencies } from './memory/latencies.js';
import { READ_LENGTH, readBufferAt } from './memory/layout.js';
import { Memory } from './memory/memory.js';
import { type Clock, Messages } from './memory/messages.js';
import { Browsing } from './queues/browsing.js';
import { ClassicQueue } from './queues/classic-queue.js';
import { LoggedQueues } from './queues/logged-queues.js';
import { QueueContents } from './queues/queue-contents.js';
import type { QueueKind } from './queues/queue-kind.js';
import { Queues } from './queues/queues.js';
import { Sweep } from './queues/sweep.js';
import { Sweeps } from './queues/swept-queues.js';
import { Waiters } from './queues/waiters.js';
import { Spilled } from './spill/spilled.js';

/** Kinds of queues besides the classic one, by their numbers from 1 on, of what one may consist. */
export type FurtherKinds = (parts: {
  readonly memory: Memory;
  readonly messages: Messages;
  readonly waiters: Waiters;
}) => readonly QueueKind[];

export class Composition {
  readonly isCoordinator: boolean;
  readonly readOffset: number;
  readonly clock: Clock = { now: 0, stamp: 0 };
  readonly work = new Work();
  readonly memory: Memory;
  readonly messages: Messages;
  readonly counters: Counters;
  readonly counterLists: CounterLists;
  readonly latencies: Latencies;
  readonly log: Log<Channel>;
  readonly contents: QueueContents;
  readonly logged: LoggedQueues;
  readonly queues: Queues;
  readonly spilled: Spilled;
  readonly emptying: Emptying;
  readonly browsing: Browsing;
  readonly routes = new Routes();
  readonly publishes: Publishes;
  readonly settlements: Settlements;
  readonly output: Output;
  readonly deliveries: Deliveries;
  readonly scheduler: Scheduler;
  readonly reader: ConnectionReader;
  readonly sweep: Sweep;
  readonly doorbell: Doorbell;

  constructor(shared: SharedCore, participant: number, further: FurtherKinds) {
    const memory = new Memory(shared);
    this.memory = memory;
    this.isCoordinator = participant === shared.workers;
    this.readOffset = readBufferAt(shared.workers, participant);
    this.messages = new Messages(memory, this.clock);
    this.counters = new Counters(memory, participant);
    this.counterLists = new CounterLists(memory, this.counters);
    this.latencies = new Latencies(this.counters);
    this.log = new Log(memory, this.messages, this.clock);
    this.contents = new QueueContents(memory, this.messages, this.clock, this.log, this.counters);
    this.logged = new LoggedQueues(memory, this.contents);
    const waiters = new Waiters(memory, participant, (consumer) => this.scheduler.grant(consumer));
    const sweeps = new Sweeps(memory, participant);
    this.spilled = new Spilled(memory, this.messages, this.contents, waiters, sweeps, participant);
    const classic = new ClassicQueue(
      memory,
      this.messages,
      this.contents,
      waiters,
      this.spilled,
      sweeps,
      this.clock,
      this.log,
      this.counters,
    );
    this.queues = new Queues(
      memory,
      this.messages,
      this.contents,
      waiters,
      this.clock,
      [classic, ...further({ memory, messages: this.messages, waiters })],
      sweeps,
      this.counters,
      participant,
    );
    this.emptying = new Emptying(memory, this.contents, this.queues);
    this.browsing = new Browsing(memory, this.messages, this.contents, this.queues, waiters, this.clock, this.log);
    this.publishes = new Publishes(memory, this.messages, this.queues, this.work, this.counters);
    this.output = new Output(memory, this.counters, (connection) => this.scheduler.onRoom(connection));
    this.deliveries = new Deliveries(memory, this.messages, this.queues, this.output, this.clock, this.latencies);
    this.scheduler = new Scheduler(memory, this.queues, waiters, this.deliveries, this.output, this.clock);
    this.settlements = new Settlements(
      this.queues,
      (channel) => this.scheduler.onCredit(channel),
      this.work,
      this.clock,
    );
    this.reader = new ConnectionReader(
      memory,
      this.messages,
      this.queues,
      this.routes,
      this.publishes,
      this.settlements,
      this.output,
      this.log,
      this.work,
      this.counters,
      this.clock,
      this.readOffset + READ_LENGTH,
    );
    this.sweep = new Sweep(this.queues);
    this.doorbell = new Doorbell(memory, participant);
  }
}
