/**
 * This folder hears requests and administrators one after the other and has their effects posted; none of the broker
 * may import it, only the program that makes the one coordinator.
 *
 * The coordinator alone decides on topology, one request at a time. A request is decided on its own view; the changes
 * it made are posted to all workers, with the epoch raised, before its answer is given. Where definitions are stored,
 * an answer about something durable waits until that is written; what is written meanwhile is decided already, and who
 * asked ahead is told so. What must hold: whoever holds an answer finds its effect in every view that has reached the
 * current epoch, and after a crash; a deleted queue's memory is given back only after every worker has applied the
 * deletion.
 */
import type { Engine } from '../../engine/engine.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import { logIdOf } from '../../store/queue-numbers.js';
import { DEFAULT_HASHING, type PasswordHashing } from '../access/passwords.js';
import { Bindings } from '../decisions/bindings.js';
import { Consumers } from '../decisions/consumers.js';
import { DelayedQueues } from '../decisions/delayed-queues.js';
import { Emptying } from '../decisions/emptying.js';
import { Exchanges } from '../decisions/exchanges.js';
import { QueueExpiry } from '../decisions/queue-expiry.js';
import { Queues } from '../decisions/queues.js';
import { ReplyQueues } from '../decisions/reply-queues.js';
import { Rights } from '../decisions/rights.js';
import { Sessions, type SessionWatch } from '../decisions/sessions.js';
import { permissionsRecord, recordsOf, userRecord, vhostRecord } from '../definitions/definition-records.js';
import type { DefinitionStore } from '../definitions/definition-store.js';
import { DefinitionWriter } from '../definitions/definition-writer.js';
import { Restoration, type RestoredQueue } from '../definitions/restoration.js';
import type { DefinitionsFile } from '../definitions-file/entries.js';
import { checkFits } from '../definitions-file/fits.js';
import { NOTHING } from '../definitions-file/present.js';
import { Announcements } from '../events/announcements.js';
import type { BrokerEvent } from '../events/event.js';
import { tellOfChange } from '../events/topology-events.js';
import { GlobalParameters } from '../policies/global-parameters.js';
import { Limits } from '../policies/limits.js';
import { Policies } from '../policies/policies.js';
import { DEFAULT_VHOST, LOG_EXCHANGE } from '../requests/names.js';
import { DEFAULT_LIMITS, type NodeLimits } from '../requests/node-limits.js';
import { notSaved, noVhost, refused } from '../requests/refusals.js';
import {
  type Answer,
  BROKER,
  type Change,
  type ConnectionId,
  type Granted,
  isRequestAhead,
  type Notice,
  type Request,
} from '../requests/requests.js';
import { ConsumerRegistry } from '../topology/consumer-registry.js';
import { logExchange } from '../topology/predeclared.js';
import { Topology } from '../topology/topology.js';
import type { QueueEntry } from '../topology/topology-entries.js';
import { Administration } from './administration.js';
import { AnswerOrder } from './answer-order.js';
import { type Beginning, begin, beginWith, type First } from './beginning.js';
import { definitionKeysOfChange, definitionKeysOfRequest } from './definition-keys.js';
import { Portions, type Steps } from './portions.js';
import { RetiredQueues } from './retired-queues.js';
import { TopologyFeed } from './topology-feed.js';
import { WorkerEpochs } from './worker-epochs.js';

/** What the coordinator does to queues in the core. */
export type QueueCore = Pick<
  Engine,
  | 'createQueue'
  | 'setFeatures'
  | 'setPaused'
  | 'setLogId'
  | 'setAside'
  | 'lastGet'
  | 'readyCount'
  | 'count'
  | 'purge'
  | 'isDrained'
  | 'retireQueue'
  | 'freeQueue'
  | 'openCounters'
  | 'closeCounters'
>;

/** What the coordinator goes by, and can be told anew while it runs. */
export interface CoordinatorSettings {
  /** How new passwords are hashed. */
  readonly passwordHashing: PasswordHashing;
  /** How much there may be of what. */
  readonly limits: NodeLimits;
}

/** What the coordinator works in. */
export interface Surroundings {
  /**
   * How many workers there are: each one calls for `applied` with its own number, from 0, and the epoch that it has
   * reached.
   */
  readonly workers: number;
  /** Sends changes to every worker, raises the epoch and returns it. */
  post(changes: readonly Change[]): number;
  /**
   * Has every worker say which epoch it has reached: one that was given changes before the epoch was raised has not
   * said so, and may have nothing else to do.
   */
  askEpochs(): void;
  /** Sends a notice to the worker of a connection, if it still has one. */
  notify(notice: Notice): void;
  readonly clock?: Clock;
  /** The vhosts to begin with. */
  readonly vhosts?: readonly string[];
  /** Who and what is there at the first start; if nothing is said, the guest and the vhost `/`. */
  readonly beginning?: Beginning;
  /** A request that was asked ahead is granted, and its answer waits for the store, or for those before it. */
  granted?(connection: ConnectionId, answer: Granted): void;
  /** Where definitions outlast the broker; null: nowhere. */
  readonly definitions?: DefinitionStore | null;
  /** The definition of a queue with this number in the log is gone for good: its messages count no more. */
  readonly forgotten?: (logId: number) => void;
  /** Resolves when it is recorded what was done to messages here, as durably as confirms say; null: it is. */
  readonly recorded?: () => Promise<void> | null;
  readonly settings?: CoordinatorSettings;
  /** Something has happened that somebody wants to hear of. */
  announce?(event: BrokerEvent): void;
  /** Hears which connections are in. */
  readonly sessions?: SessionWatch;
  /** Whether lines of the operator's log are published. */
  readonly publishesLog?: boolean;
  /** Says something to the operator. */
  readonly report?: (line: string) => void;
}

export class Coordinator {
  readonly #outside: Surroundings;
  #settings: CoordinatorSettings;
  readonly #topology: Topology;
  /** What administrators may do, beside what clients do. */
  readonly administration: Administration;
  readonly #exchanges: Exchanges;
  readonly #delayedQueues: DelayedQueues;
  readonly #queues: Queues;
  readonly #queueExpiry: QueueExpiry;
  readonly #registry = new ConsumerRegistry();
  readonly #bindings: Bindings;
  readonly #consumers: Consumers;
  readonly #replies: ReplyQueues;
  readonly #sessions: Sessions;
  readonly #retired: RetiredQueues;
  readonly #policies = new Policies();
  readonly #limits: Limits;
  readonly #globalParameters = new GlobalParameters();
  readonly #answerOrder = new AnswerOrder();
  readonly #epochs: WorkerEpochs;
  readonly #portions: Portions;
  readonly #topologyFeed: TopologyFeed;
  /** What others are told of. */
  readonly announcements: Announcements;
  /** Null: nothing is stored. */
  readonly #definitionWriter: DefinitionWriter | null;
  /** What changes now comes from the store. */
  #restoring = false;

  constructor(core: QueueCore, outside: Surroundings) {
    const { workers, vhosts, clock = systemClock, definitions = null } = outside;
    const notify = (notice: Notice): void => this.#answerOrder.after(notice.connection, () => outside.notify(notice));
    this.#outside = outside;
    this.#settings = outside.settings ?? { passwordHashing: DEFAULT_HASHING, limits: DEFAULT_LIMITS };
    this.#limits = new Limits(this.#settings.limits);
    this.#definitionWriter =
      definitions === null ? null : new DefinitionWriter(definitions, (error) => this.#reportFailure(error));
    this.#epochs = new WorkerEpochs(workers);
    this.#portions = new Portions(
      () => this.#publishChanges(),
      () => this.#caughtUp(),
    );
    this.#topology = new Topology(core, (change) => this.#note(change), vhosts);
    this.#topologyFeed = new TopologyFeed(this.#topology.view, (changes) => this.#post(changes));
    this.announcements = new Announcements(this.#topology.view, (event) => outside.announce?.(event));
    const registry = this.#registry;
    this.#sessions = new Sessions(this.#topology.view, this.#limits, outside.sessions);
    const rights = new Rights(this.#topology.view, this.#sessions);
    this.#bindings = new Bindings(this.#topology, rights, this.#limits);
    this.#queueExpiry = new QueueExpiry(core, registry, clock, (queue) => this.#expire(queue));
    const newLogId = (): number => (definitions === null ? 0 : logIdOf(definitions.takeQueueId()));
    this.#delayedQueues = new DelayedQueues(core, this.#topology, newLogId);
    this.#exchanges = new Exchanges(this.#topology, rights, this.#policies, this.#limits, this.#delayedQueues);
    const emptying = new Emptying(core);
    this.#queues = new Queues(
      core,
      emptying,
      this.#topology,
      rights,
      registry,
      this.#queueExpiry,
      this.#policies,
      this.#limits,
      newLogId,
    );
    this.#consumers = new Consumers(this.#topology.view, rights, registry, this.#queues, this.#queueExpiry, notify);
    this.#replies = new ReplyQueues(core, this.#topology);
    this.administration = new Administration(
      {
        topology: this.#topology,
        exchanges: this.#exchanges,
        queues: this.#queues,
        sessions: this.#sessions,
        passwordHashing: () => this.#settings.passwordHashing,
      },
      this.#policies,
      this.#limits,
      this.#globalParameters,
      {
        announcements: this.announcements,
        portions: this.#portions,
        publishChanges: () => this.#publishChanges(),
        note: (changes) => this.#definitionWriter?.note(changes, []),
        saved: () => this.saved(),
        notify,
        declare: (request) => this.#decide(BROKER, request),
        report: outside.report ?? toStderr,
      },
    );
    this.#retired = new RetiredQueues(emptying, this.#topology.counterLists, this.#epochs);
  }

  /**
   * Brings back what is stored, before the first request. `nextPosition` tells where the messages of each number in the
   * log go on; `file` is what will be imported then. Resolves with the queues that are back; rejects with a
   * `DefinitionsError`, and nothing is changed, when the file does not fit to them.
   */
  async restore(
    nextPosition: (logId: number) => number,
    file: DefinitionsFile | null = null,
  ): Promise<readonly RestoredQueue[]> {
    const { definitions = null, report = toStderr } = this.#outside;
    this.#restoring = true;
    // What is stored may be bound to it.
    if (this.#outside.publishesLog === true) this.#topology.change(logExchange());
    this.#restoring = false;
    if (definitions === null) {
      this.#publishChanges();
      await this.#begin({ nobody: true, nowhere: true }, file);
      return [];
    }
    const parts = {
      topology: this.#topology,
      exchanges: this.#exchanges,
      delayedQueues: this.#delayedQueues,
      queues: this.#queues,
      bindings: this.#bindings,
      policies: this.#policies,
      limits: this.#limits,
      globalParameters: this.#globalParameters,
    };
    this.#restoring = true;
    const queues = new Restoration(parts, definitions, report).run(nextPosition);
    const { changes, retired, uncounted } = this.#topology.takeChanges();
    this.#retired.await(retired, uncounted, this.#post(changes));
    const isFirst = { nobody: definitions.list('user').length === 0, nowhere: definitions.list('vhost').length === 0 };
    await this.#begin(isFirst, file);
    this.#restoring = false;
    this.#storeBeginning(definitions);
    await this.saved();
    return queues;
  }

  async #begin(isFirst: First, file: DefinitionsFile | null): Promise<void> {
    const { beginning } = this.#outside;
    const isTold = file?.isWhole === true && isFirst.nobody && isFirst.nowhere;
    if (file !== null) checkFits(file, isTold ? NOTHING : this.administration.definitions.present());
    if (isTold) beginWith(file, this.administration, isFirst);
    else if (beginning !== undefined) await begin(this.administration, beginning, isFirst);
  }

  /** Stores what a broker begins with, as far as nothing of its kind is stored. */
  #storeBeginning(definitions: DefinitionStore): void {
    const { view } = this.#topology;
    if (definitions.list('vhost').length === 0)
      this.#definitionWriter?.note(
        view.vhosts().map((vhost) => vhostRecord(vhost, view.metadata(vhost))),
        [],
      );
    if (definitions.list('user').length > 0) return;
    const users = view.accounts.users();
    const permissions = users.flatMap(({ name }) => view.accounts.permissionsOf(name));
    this.#definitionWriter?.note([...users.map(userRecord), ...permissions.map(permissionsRecord)], []);
  }

  /** Whether lines of the operator's log come anywhere. */
  get isLogRead(): boolean {
    return this.#topology.view.leadsOn(DEFAULT_VHOST, LOG_EXCHANGE);
  }

  /** A queue in the core, and how many consumers it has; null: there is no such one. */
  queue(vhost: string, name: string): { readonly ref: QueueEntry['ref']; readonly consumers: number } | null {
    const queue = this.#topology.view.queue(vhost, name);
    return queue === undefined ? null : { ref: queue.ref, consumers: this.#registry.count(queue) };
  }

  /** The names of the queues of a vhost. */
  queueNames(vhost: string): string[] {
    return [...this.#topology.view.queuesIn(vhost)].map(({ name }) => name);
  }

  /** These hold from now on. */
  reconfigure(settings: CoordinatorSettings): void {
    this.#settings = settings;
    this.#limits.change(settings.limits);
  }

  /** Answers of one connection come in the order of its requests. A promise never rejects. */
  handle(connection: ConnectionId, request: Request): Answer | Promise<Answer> {
    if (request.op === 'purge.leave') this.#answerOrder.leaveChannel(connection, request.channel);
    if (request.op !== 'disconnect') return this.#answer(connection, request);
    this.#answerOrder.leave(connection);
    const answer = this.#answer(connection, request);
    this.#answerOrder.forget(connection);
    return answer;
  }

  #answer(connection: ConnectionId, request: Request): Answer | Promise<Answer> {
    const noted = this.#definitionWriter?.noted;
    const actor = (): string | null => this.#actorOf(connection, request);
    const decided = this.announcements.onBehalfOf(actor, () => this.#decide(connection, request));
    this.#publishChanges();
    if (decided instanceof Promise) {
      const isPurge = request.op === 'queue.purge';
      const late = isPurge
        ? decided.then((one) => this.#whenRecorded(connection, request, one))
        : this.#whenSaved(decided);
      return this.#answerOrder.answer(connection, late);
    }
    const changes = this.#definitionWriter?.noted !== noted;
    const told = this.#answerOrder.answer(connection, this.#whenDurable(connection, request, decided, changes));
    if (told instanceof Promise && decided.ok && isRequestAhead(request)) this.#outside.granted?.(connection, decided);
    return told;
  }

  /** The answer to a long purge, which is granted when it is done, though not recorded. */
  #whenRecorded(connection: ConnectionId, request: Request, answer: Answer): Answer | Promise<Answer> {
    const told = this.#whenDurable(connection, request, answer, false);
    if (told instanceof Promise && answer.ok) this.#outside.granted?.(connection, answer);
    return told;
  }

  /**
   * Resolves when it is recorded what a purge has done, which may take until there is room on the disk: who asked for
   * it may leave before.
   */
  #recorded(connection: ConnectionId, channel: number): Promise<void> | null {
    const recorded = this.#outside.recorded?.() ?? null;
    return recorded === null ? null : this.#answerOrder.unlessLeft(connection, channel, recorded);
  }

  /** An answer, once what it tells is durable; `changes`: the request has changed something. */
  #whenDurable(connection: ConnectionId, request: Request, answer: Answer, changes: boolean): Answer | Promise<Answer> {
    if (this.#definitionWriter === null) return answer;
    const saved = changes ? this.#definitionWriter.saved() : this.#savedBefore(request, answer);
    const durable = both(saved, request.op === 'queue.purge' ? this.#recorded(connection, request.channel ?? 0) : null);
    if (durable === null) return answer;
    // Who leaves does so in any case.
    const otherwise = request.op === 'disconnect' ? answer : refused(notSaved());
    return durable.then(
      () => answer,
      () => otherwise,
    );
  }

  /** Resolves when all that was begun is done, and durable; rejects when that cannot be. */
  async saved(): Promise<void> {
    await this.#portions.idle();
    await this.#definitionWriter?.saved();
  }

  /** The answer to what was long. Its connection leaves something, and does so in any case. */
  async #whenSaved(answer: Promise<Answer>): Promise<Answer> {
    const late = await answer;
    await this.#definitionWriter?.saved().catch(() => {});
    return late;
  }

  /** A worker has applied everything posted up to `epoch`. */
  applied(worker: number, epoch: number): void {
    this.#epochs.applied(worker, epoch);
    this.#retired.freeReached();
  }

  /** Nothing happens by itself any more, and workers may end. Requests may still come: what they change is durable when `saved` resolves. */
  close(): void {
    this.#queueExpiry.endAll();
    this.#epochs.close();
  }

  /** What a request that changes nothing has found may still have to be written; null: all of it is. */
  #savedBefore(request: Request, answer: Answer): Promise<void> | null {
    return answer.ok ? (this.#definitionWriter?.savedAbout(definitionKeysOfRequest(request)) ?? null) : null;
  }

  #note(change: Change): void {
    if (this.#restoring) return;
    tellOfChange(this.announcements, this.#topology.view, change);
    if (this.#definitionWriter === null) return;
    const afterwards = this.#afterwardsOf(change);
    this.#definitionWriter.note(recordsOf(this.#topology.view, change), definitionKeysOfChange(change), afterwards);
  }

  /** What follows once a change is durable. */
  #afterwardsOf(change: Change): (() => void) | undefined {
    if (change.kind === 'queue.declared') return () => this.#topologyFeed.show(change);
    if (change.kind === 'delayed.opened') return () => this.#topologyFeed.showDelayedQueue(change);
    const logId = this.#logIdGone(change);
    return logId === undefined ? undefined : () => this.#outside.forgotten?.(logId);
  }

  /** The number in the log that nothing has any more after a change that the view has not seen yet. */
  #logIdGone(change: Change): number | undefined {
    const { view } = this.#topology;
    if (change.kind === 'queue.deleted') return view.queueByRef(change.ref)?.logId;
    return change.kind === 'exchange.deleted'
      ? view.exchange(change.vhost, change.exchange)?.delayedQueue?.logId
      : undefined;
  }

  #reportFailure(error: unknown): void {
    const { report = toStderr } = this.#outside;
    report(`definitions cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }

  #expire(queue: QueueEntry): void {
    this.#queues.remove(queue);
    this.#publishChanges();
  }

  /** Whose doing it is: what goes with a client that leaves is nobody's. */
  #actorOf(connection: ConnectionId, { op }: Request): string | null {
    if (connection === BROKER || op === 'disconnect' || op === 'cancel') return null;
    return this.#sessions.principalOf(connection)?.name ?? null;
  }

  #decide(connection: ConnectionId, request: Request): Answer | Promise<Answer> {
    // Its vhost may be deleted, and the connection not know yet that it must go.
    if ('vhost' in request && !this.administration.isOpen(request.vhost)) return refused(noVhost(request.vhost));
    switch (request.op) {
      case 'exchange.declare':
        return this.#exchanges.declare(connection, request);
      case 'exchange.delete':
        return this.#exchanges.delete(connection, request);
      case 'exchange.bind':
      case 'exchange.unbind':
        return this.#bindings.changeExchange(connection, request);
      case 'queue.declare':
        return this.#queues.declare(connection, request);
      case 'queue.bind':
      case 'queue.unbind':
        return this.#bindings.changeQueue(connection, request);
      case 'queue.purge':
        return this.#queues.purge(connection, request);
      case 'queue.delete':
        return this.#queues.delete(connection, request);
      case 'consume':
        return this.#consumers.add(connection, request);
      case 'cancel':
        return this.#inPortions(this.#consumers.cancel(connection, request.consumers));
      case 'reply.open':
        return this.#replies.open(connection, request.vhost);
      case 'reply.close':
        return this.#replies.close(connection, request.queue);
      case 'connection.open':
        return this.#sessions.open(connection, request);
      case 'connection.renew':
        return this.#sessions.renew(connection, request.grant);
      case 'channel.open':
        return this.#sessions.openChannel(connection);
      case 'channel.close':
        return this.#sessions.closeChannel(connection);
      case 'purge.leave':
        return { ok: true };
      case 'disconnect':
        return this.#inPortions(this.#disconnect(connection));
      default:
        return request satisfies never;
    }
  }

  *#disconnect(connection: ConnectionId): Generator<void, void> {
    yield* this.#consumers.disconnect(connection);
    yield* this.#replies.disconnect(connection);
    yield* this.#queues.disconnect(connection);
    this.#sessions.disconnect(connection);
  }

  #inPortions(steps: Steps): Answer | Promise<Answer> {
    const rest = this.#portions.run(steps);
    return rest === null ? { ok: true } : rest.then(() => ({ ok: true }));
  }

  #publishChanges(): void {
    const { changes, retired, uncounted } = this.#topology.takeChanges();
    const visible = this.#topologyFeed.visible(changes);
    if (visible.length === 0 && retired.length === 0) return;
    this.#retired.await(retired, uncounted, this.#post(visible));
  }

  /** Resolves when every worker has applied what is changed so far; null: all have. */
  #caughtUp(): Promise<void> | null {
    const caughtUp = this.#epochs.caughtUp();
    if (caughtUp !== null) this.#outside.askEpochs();
    return caughtUp;
  }

  #post(changes: readonly Change[]): number {
    const epoch = this.#outside.post(changes);
    this.#epochs.posted(epoch);
    return epoch;
  }
}

function both(one: Promise<void> | null, other: Promise<void> | null): Promise<void> | null {
  if (one === null || other === null) return one ?? other;
  return one.then(() => other);
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
