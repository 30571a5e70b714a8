/**
 * What a program hears from its broker as it happens. What must hold: nothing is made or sent of what nobody listens to;
 * events of one kind come in the order in which they happened.
 */
import { EventEmitter } from 'node:events';
import type { OpenConnection, SessionWatch } from '../broker/decisions/sessions.js';

/** The broker holds publishers back, or does not any more; consumers go on. */
export interface AlarmEvent {
  /** What there is too little of. */
  readonly source: 'memory' | 'disk';
  readonly isSet: boolean;
}

/** A client has entered a vhost, or is gone. */
export interface ConnectionEvent {
  readonly what: 'opened' | 'closed';
  /** Its number, as in `administration.connections()`. */
  readonly id: number;
  readonly user: string;
  readonly vhost: string;
  /** What the client calls itself; null: nothing. */
  readonly name: string | null;
}

/** A part of a log file that was whole once. */
export interface DamagedPart {
  readonly file: string;
  /** Where it begins, in octets. */
  readonly offset: number;
  readonly octets: number;
  /** The file that keeps what lay there; null: nothing does. */
  readonly quarantine: string | null;
}

/** The data directory was damaged when the broker started on it; all else is back. */
export interface DamageEvent {
  readonly parts: readonly DamagedPart[];
  /** Messages that were confirmed and are not there any more, as far as that is known. */
  readonly lost: number;
  /** The same and more, in words for an operator. */
  readonly notices: readonly string[];
}

/** By their names, what listeners are called with. */
export interface BrokerEvents {
  /** Clients are served; once, after `Broker.start` has resolved. */
  readonly ready: readonly [];
  /** Once, after `Broker.start` has resolved, before `ready`. */
  readonly damage: readonly [event: DamageEvent];
  readonly alarm: readonly [event: AlarmEvent];
  readonly connection: readonly [event: ConnectionEvent];
}

export type Listener<K extends keyof BrokerEvents> = (...args: BrokerEvents[K]) => void;

/** What the broker's thread is asked for, since it happens there. */
const ASKED_EVENTS = ['alarm', 'connection'] as const;
export type AskedEvent = (typeof ASKED_EVENTS)[number];

/** An event, as it goes from thread to thread. */
export type ToldEvent = {
  readonly [K in AskedEvent]: { readonly name: K; readonly event: BrokerEvents[K][0] };
}[AskedEvent];

/** In the broker's thread: tells of what the program listens to. */
export class ProgramEvents {
  readonly #send: (told: ToldEvent) => void;
  #wanted: ReadonlySet<AskedEvent> = new Set();

  constructor(send: (told: ToldEvent) => void) {
    this.#send = send;
  }

  want(names: readonly AskedEvent[]): void {
    this.#wanted = new Set(names);
  }

  alarm(source: AlarmEvent['source'], isSet: boolean): void {
    if (this.#wanted.has('alarm')) this.#send({ name: 'alarm', event: { source, isSet } });
  }

  readonly sessions: SessionWatch = {
    entered: (connection) => this.#connection('opened', connection),
    left: (connection) => this.#connection('closed', connection),
  };

  #connection(what: ConnectionEvent['what'], { id, user, vhost, name }: OpenConnection): void {
    if (this.#wanted.has('connection')) this.#send({ name: 'connection', event: { what, id, user, vhost, name } });
  }
}

/** In the program's thread: who listens to what. */
export class Listeners {
  readonly #emitter = new EventEmitter();
  readonly #ask: (names: readonly AskedEvent[]) => void;
  #asked = '';

  /** `ask` has the broker's thread tell of these from now on, and of no others. */
  constructor(ask: (names: readonly AskedEvent[]) => void) {
    this.#ask = ask;
  }

  on<K extends keyof BrokerEvents>(name: K, listener: Listener<K>): void {
    this.#emitter.on(name, listener);
    this.#tell();
  }

  once<K extends keyof BrokerEvents>(name: K, listener: Listener<K>): void {
    this.#emitter.once(name, listener);
    this.#tell();
  }

  off<K extends keyof BrokerEvents>(name: K, listener: Listener<K>): void {
    this.#emitter.off(name, listener);
    this.#tell();
  }

  emit<K extends keyof BrokerEvents>(name: K, ...args: BrokerEvents[K]): void {
    this.#emitter.emit(name, ...args);
    // Who listened once does not any more.
    this.#tell();
  }

  /** What the broker's thread has told. */
  heard(told: ToldEvent): void {
    // Each by itself: the compiler does not follow the name to its event.
    if (told.name === 'alarm') this.emit('alarm', told.event);
    else this.emit('connection', told.event);
  }

  #tell(): void {
    const names = ASKED_EVENTS.filter((name) => this.#emitter.listenerCount(name) > 0);
    if (names.join() === this.#asked) return;
    this.#asked = names.join();
    this.#ask(names);
  }
}
