/**
 * A broker as the program that embeds it has it: a handle of what runs in threads of its own (broker-thread.ts), so
 * that the program may be as busy as it likes. What must hold: `closed` settles once, after the last thread of the
 * broker has ended, whatever ended it; a defect of the broker is no exception of the program.
 */
import { resolve as resolvePath } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import type { Beginning } from '../broker/coordinator/beginning.js';
import type { Channel } from '../channel/channel.js';
import type { ChannelOptions } from '../channel/options.js';
import { type Area, LogLevels, type Threshold } from '../logging/levels.js';
import type { LogEntry } from '../logging/logger.js';
import { entryWriter, toStandardError } from '../logging/target.js';
import { forgetHolder } from '../platform/file-lock.js';
import { ManualClock } from '../platform/manual-clock.js';
import { lockPath } from '../store/data-directory.js';
import type { Administration } from './administration.js';
import { Asking } from './asking.js';
import type { BrokerSetup, FromBroker, Started, ToBroker } from './broker-messages.js';
import { ProgramChannels } from './channels.js';
import { BrokerClosedError, BrokerDefect, BrokerStartError, ReconfigureError } from './errors.js';
import { type BoundAddress, clientUrl } from './listeners/bound.js';
import type { BoundHttp } from './management-messages.js';
import { type BrokerOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { brokerThreadFile } from './package-files.js';
import { type BrokerEvents, Listeners } from './program-events.js';
import { changedOptions, type ReloadableOptions } from './reloadable.js';
import { type BrokerClock, clockBefore } from './testing/broker-clock.js';
import type { TestNews, TestRequest } from './testing/test-requests.js';

/** What `leveret/testing` and the command may do that programs may not. */
interface Inside {
  /** `time`: where a clock begins that is moved by hand (ms since the Unix epoch); null: at the machine's time. */
  start(options: BrokerOptions, time: number | null): Promise<Broker>;
  test<T>(broker: Broker, request: TestRequest): Promise<T>;
  /** Has somebody hear what a test listens to. */
  listen(broker: Broker, onNews: (news: TestNews) => void): void;
  /** Resolves with who of its workers gives no sign of life, in words; null: nobody is silent. */
  silence(broker: Broker): Promise<string | null>;
  /** Ends a broker as a kill of its process would. */
  kill(broker: Broker): Promise<void>;
  /** The broker does not keep the process alive. */
  unref(broker: Broker): void;
}

export let inside: Inside;

/** A broker that runs: `Broker.start` makes one, `stop` ends it. */
export class Broker {
  static {
    inside = {
      start: (options, time) => Broker.#start(options, time),
      test: (broker, request) => broker.#handle.test(request),
      listen: (broker, onNews) => {
        broker.#handle.onNews = onNews;
      },
      silence: (broker) => broker.#handle.silence(),
      kill: (broker) => broker.#handle.kill(),
      unref: (broker) => broker.#handle.unref(),
    };
  }

  readonly #handle: Handle;
  /** Where it listens, in the order in which that was asked for. */
  readonly listeners: readonly BoundAddress[];
  /** The first address and the port of the first plain TCP listener; '' and 0: there is none. */
  readonly host: string;
  readonly port: number;
  /**
   * What clients connect to: the first TCP listener, or else the first by TLS, with the user and the vhost of a broker
   * that starts for the first time; '': neither is there. Where others were stored or imported, say who comes instead.
   */
  readonly url: string;
  /** Where the management's HTTP API is; null: nowhere. `hosts` have one port. */
  readonly management: BoundHttp | null;
  readonly workers: number;
  /** Messages that came back from disk. */
  readonly recovered: number;
  /** Where the workers run, in words. */
  readonly placement: string;
  /** Vhosts, users, policies and limits of the running broker. */
  readonly administration: Administration;
  /** Time as messages, queues and consumers see it; a test may move it (`clock: 'manual'`). */
  readonly clock: BrokerClock;
  /** Resolves after `stop`; rejects with a `BrokerDefect` when a defect has ended the broker. */
  readonly closed: Promise<void>;

  private constructor(handle: Handle, started: Started, beginning: Beginning) {
    this.#handle = handle;
    const tcp = started.listeners.find((bound) => bound.kind === 'tcp');
    this.listeners = started.listeners;
    this.host = tcp?.hosts[0] ?? '';
    this.port = tcp?.port ?? 0;
    this.url = clientUrl(started.listeners, beginning);
    this.management = started.management;
    this.workers = started.workers;
    this.recovered = started.recovered;
    this.placement = started.placement;
    this.administration = handle.administration;
    this.clock = handle.clock;
    this.closed = handle.closed;
  }

  /**
   * Resolves when connections are accepted; rejects with an `OptionError` or a `BrokerStartError` when the port or the
   * data directory cannot be had, or a worker cannot start. Every option may be left out (`DEFAULTS`).
   */
  static start(options: BrokerOptions = {}): Promise<Broker> {
    return Broker.#start(options, null);
  }

  static async #start(options: BrokerOptions, time: number | null): Promise<Broker> {
    const resolved = resolveOptions(options);
    const handle = new Handle(options, resolved, writerOf(options), time);
    const started = await handle.started;
    // Once whoever waits for the start had a chance to listen.
    process.nextTick(() => {
      if (started.damage !== null) handle.listeners.emit('damage', started.damage);
      handle.listeners.emit('ready');
    });
    return new Broker(handle, started, resolved.beginning);
  }

  /**
   * Opens a channel of this program's, for messages without a socket. Rejects with a `ChannelError` when its user may not
   * enter the vhost.
   */
  channel(options?: ChannelOptions): Promise<Channel> {
    return this.#handle.channels.open(options);
  }

  /**
   * Changes options while the broker runs: they hold for what comes from then on. Rejects with an `OptionError` when one
   * is wrong or needs a restart, and with a `ReconfigureError` when the broker cannot go by them; nothing is changed then.
   */
  reconfigure(options: ReloadableOptions): Promise<void> {
    return this.#handle.reconfigure(options);
  }

  /**
   * Reads the files of TLS again; who is connected stays so. Rejects with a `ReconfigureError` that names the file when
   * one is wrong; nothing is changed then.
   */
  reloadTls(): Promise<void> {
    // Each change of options comes with it.
    return this.#handle.reconfigure({});
  }

  /**
   * Calls the listener for each event of a kind from now on. What nobody listens to costs nothing. Events that come while
   * the program is busy wait for it.
   */
  on<K extends keyof BrokerEvents>(name: K, listener: (...args: BrokerEvents[K]) => void): this {
    this.#handle.listeners.on(name, listener);
    return this;
  }

  /** The same for the next event alone. */
  once<K extends keyof BrokerEvents>(name: K, listener: (...args: BrokerEvents[K]) => void): this {
    this.#handle.listeners.once(name, listener);
    return this;
  }

  /** Calls a listener no more. */
  off<K extends keyof BrokerEvents>(name: K, listener: (...args: BrokerEvents[K]) => void): this {
    this.#handle.listeners.off(name, listener);
    return this;
  }

  /** From which level on the log tells of an area from now on; `none`: nothing of it is told. */
  setLogLevel(area: Area, least: Threshold): void {
    this.#handle.logLevels.set(area, least);
  }

  /** Closes all connections with CONNECTION_FORCED and ends the broker. The same as `closed`, which it brings about. */
  stop(): Promise<void> {
    return this.#handle.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.stop();
  }
}

class Handle {
  readonly started: Promise<Started>;
  readonly closed: Promise<void>;
  readonly #thread: Thread;
  readonly #write: (entry: LogEntry) => void;
  readonly logLevels = new LogLevels();
  readonly listeners = new Listeners((events) => {
    if (!this.#isOver) this.#tell({ kind: 'listen', events });
  });
  readonly #asking = new Asking();
  readonly channels: ProgramChannels;
  readonly administration = this.#asking.administration((id, request) => this.#ask({ kind: 'ask', id, request }));
  /** Null: the machine's counts. */
  readonly #manual: ManualClock | null;
  readonly clock: BrokerClock;
  /** Hears what a test listens to. */
  onNews = (_news: TestNews): void => {};
  /** What the thread has said of its end; null: nothing yet. */
  #end: Extract<FromBroker, { kind: 'refused' | 'closed' | 'defect' }> | null = null;
  #isKilled = false;
  /** Why the thread has ended without a word. */
  #crash: Error | null = null;

  /** All that was given, at the start and since then. */
  #given: BrokerOptions;
  /** The last change of options; it does not reject. */
  #changed: Promise<void> = Promise.resolve();

  /** `time`: where a clock that is moved by hand begins; null: at the machine's time. */
  constructor(given: BrokerOptions, options: ResolvedOptions, write: (entry: LogEntry) => void, time: number | null) {
    this.#given = given;
    this.#write = write;
    this.#manual = options.clock === 'manual' ? new ManualClock() : null;
    if (time !== null) this.#manual?.set(time);
    this.clock = clockBefore(this.#manual, (milliseconds) => this.test({ op: 'advance', milliseconds }));
    this.channels = new ProgramChannels(options, (client) => this.#ask({ kind: 'attach', client }));
    this.logLevels.setAll(options.logLevels);
    this.#thread = new Thread(brokerThreadFile(options.files), {
      workerData: {
        options,
        clock: this.#manual?.shared ?? null,
        logLevels: this.logLevels.shared,
      } satisfies BrokerSetup,
      name: 'leveret-broker',
    });
    const lock = options.data === null ? null : lockPath(resolvePath(options.data.directory));
    this.closed = new Promise((resolve, reject) => {
      this.#thread.on('exit', () => {
        const error = this.#errorAtEnd();
        if ((error instanceof BrokerDefect || this.#isKilled) && lock !== null) forgetHolder(lock);
        this.#asking.refuseAll(error ?? new BrokerClosedError());
        this.channels.lost(error ?? new BrokerClosedError());
        if (error instanceof BrokerDefect) this.#tellDefect(error);
        if (error === null) resolve();
        else reject(error);
      });
    });
    // Whoever wants to know waits for it; who does not has read of it.
    this.closed.catch(() => {});
    this.started = new Promise((resolve, reject) => {
      this.#thread.on('message', (message: FromBroker) => {
        if (message.kind === 'started') resolve(message.started);
        else this.#onMessage(message);
      });
      this.closed.then(() => reject(new BrokerClosedError()), reject);
    });
    // An error of the thread is followed by its end.
    this.#thread.on('error', (error) => {
      this.#crash = error;
    });
  }

  /** One change after the other: each is checked together with what those before have left. */
  reconfigure(change: ReloadableOptions): Promise<void> {
    const changed = this.#changed.then(() => this.#reconfigure(change));
    this.#changed = changed.catch(() => {});
    return changed;
  }

  async #reconfigure(change: ReloadableOptions): Promise<void> {
    const given = changedOptions(this.#given, change);
    const options = resolveOptions(given);
    const changed = Object.keys(change);
    const told = this.#asking.ask<void>((id) => this.#ask({ kind: 'reconfigure', id, options, changed }));
    await told.catch((error: Error) => {
      const isOver = error instanceof BrokerClosedError || error instanceof BrokerDefect;
      throw isOver ? error : new ReconfigureError(error.message);
    });
    this.#given = given;
    if (change.logLevels !== undefined) this.logLevels.setAll(options.logLevels);
  }

  silence(): Promise<string | null> {
    return this.#asking.ask((id) => this.#ask({ kind: 'silence', id }));
  }

  /** Asks something for a test. */
  test<T>(request: TestRequest): Promise<T> {
    return this.#asking.ask<T>((id) => this.#ask({ kind: 'test', id, request }));
  }

  #ask(question: ToBroker): void {
    if (this.#isOver) throw new BrokerClosedError();
    this.#tell(question);
  }

  /** Ends all threads as they are; nothing more is written. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#end ??= { kind: 'closed' };
    await this.#thread.terminate();
    await this.closed;
  }

  unref(): void {
    this.#thread.unref();
  }

  stop(): Promise<void> {
    if (!this.#isOver) this.#tell({ kind: 'stop' });
    return this.closed;
  }

  get #isOver(): boolean {
    return this.#end !== null || this.#crash !== null;
  }

  #tell(message: ToBroker): void {
    this.#thread.postMessage(message);
  }

  #onMessage(message: Exclude<FromBroker, { kind: 'started' }>): void {
    switch (message.kind) {
      case 'entries':
        for (const entry of message.entries) this.#write(entry);
        break;
      case 'event':
        this.listeners.heard(message.told);
        break;
      case 'news':
        this.onNews(message.news);
        break;
      case 'answer':
        this.#asking.onAnswer(message);
        break;
      case 'refused':
      case 'closed':
      case 'defect':
        this.#end = message;
        break;
      default:
        message satisfies never;
    }
  }

  #tellDefect({ message, stack = message }: Error): void {
    if (!this.logLevels.isOn('broker', 'error')) return;
    const text = `a defect ended the broker: ${message}`;
    this.#write({ time: Date.now(), level: 'error', area: 'broker', message: text, fields: { stack } });
  }

  /** Why the broker has ended; null: it was asked to. */
  #errorAtEnd(): Error | null {
    const end = this.#end;
    if (end === null) {
      const { message, stack = message } = this.#crash ?? new Error('the broker thread has ended without a word');
      return new BrokerDefect({ message, stack });
    }
    switch (end.kind) {
      case 'closed':
        return null;
      case 'refused':
        return new BrokerStartError(end.failure);
      case 'defect':
        return new BrokerDefect(end.error);
      default:
        return end satisfies never;
    }
  }
}

function writerOf({ log }: BrokerOptions): (entry: LogEntry) => void {
  if (log === null) return () => {};
  return log === undefined ? toStandardError : entryWriter(log);
}
