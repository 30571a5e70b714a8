/**
 * The handshake: from the protocol header to an open virtual host. This folder says who comes in and within which
 * limits; connections import it, and whoever announces the broker. What must hold: the steps come one after the other,
 * and each takes one method.
 */
import type { ClientMethod, MethodOf } from '../../amqp/protocol.js';
import { NOBODY, type Principal, principalOfUser } from '../../broker/access/principal.js';
import { unexpected } from '../errors/errors.js';
import type { Session } from '../session/session.js';
import { authenticate } from './auth.js';
import {
  type ClientCapabilities,
  clientCapabilities,
  connectionName,
  LOCALES,
  mechanisms,
  NO_CAPABILITIES,
  serverProperties,
} from './identity.js';
import { type Limits, negotiate, offer } from './tune.js';

/** What the handshake waits for, by RabbitMQ's names, which its error texts carry. */
type Step = 'starting' | 'tuning' | 'opening';

/** What becomes of a handshake. */
export interface HandshakeEvents {
  /** Whether the client still waits for the handshake to go on. */
  isWaiting(): boolean;
  /** Where the client is, for people. */
  address(): string;
  /** Whether the client is on this machine. */
  isLocal(): boolean;
  /** The client cannot come in, and is to find its socket closed. */
  onRefused(): void;
  /** The virtual host is open; open-ok follows. */
  onOpen(): void;
}

export class Handshake {
  readonly #session: Pick<Session, 'host' | 'id' | 'core' | 'send' | 'ask'>;
  readonly #events: HandshakeEvents;
  #step: Step = 'starting';
  #limits: Limits;
  #vhost = '';
  #principal: Principal = NOBODY;
  #name: string | null = null;
  #capabilities: ClientCapabilities = NO_CAPABILITIES;

  constructor(session: Pick<Session, 'host' | 'id' | 'core' | 'send' | 'ask'>, events: HandshakeEvents) {
    this.#session = session;
    this.#limits = offer(session.host.limits);
    this.#events = events;
  }

  get step(): Step {
    return this.#step;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get vhost(): string {
    return this.#vhost;
  }

  get principal(): Principal {
    return this.#principal;
  }

  get capabilities(): ClientCapabilities {
    return this.#capabilities;
  }

  /** The client has sent the protocol header. */
  start(): void {
    const { announced, anonymous } = this.#session.host;
    this.#session.send(0, {
      name: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(announced),
      mechanisms: mechanisms(anonymous),
      locales: LOCALES,
    });
  }

  handle(method: ClientMethod): Promise<void> | undefined {
    if (method.name === 'connection.start-ok' && this.#step === 'starting') return this.#authenticate(method);
    if (method.name === 'connection.tune-ok' && this.#step === 'tuning') return this.#tune(method);
    if (method.name === 'connection.open' && this.#step === 'opening') return this.#open(method);
    throw unexpected(method, this.#step);
  }

  #authenticate(method: MethodOf<'connection.start-ok'>): Promise<void> | undefined {
    this.#capabilities = clientCapabilities(method.clientProperties);
    let user: string | Promise<string>;
    try {
      user = this.#login(method);
    } catch (error) {
      return this.#refuse(error);
    }
    if (typeof user === 'string') return this.#accept(method, user);
    return this.#ifWaiting(
      user.then(
        (name) => () => this.#accept(method, name),
        (error: unknown) => () => this.#refuse(error),
      ),
    );
  }

  #login(method: MethodOf<'connection.start-ok'>): string | Promise<string> {
    const { view, logins, anonymous } = this.#session.host;
    const address = this.#events.address();
    const accounts = {
      user: (name: string) => view.accounts.user(name),
      accepts: (name: string, password: string) => logins.accepts(address, name, password),
      refused: (name: string, reason: string) => logins.refused(address, name, reason),
    };
    return authenticate(accounts, method.mechanism, method.response, this.#events.isLocal(), anonymous);
  }

  /** Goes on with what comes, unless the client has gone meanwhile: then this never settles, and nobody waits. */
  #ifWaiting(next: Promise<() => void>): Promise<void> {
    return new Promise((resolve, reject) => {
      next
        .then((goOn) => {
          if (!this.#events.isWaiting()) return;
          this.#session.host.eventLoop.begin();
          goOn();
          resolve();
        })
        .catch(reject);
    });
  }

  #accept(method: MethodOf<'connection.start-ok'>, user: string): undefined {
    this.#principal = principalOfUser(this.#session.host.view.accounts, user);
    this.#name = connectionName(method.clientProperties);
    this.#step = 'tuning';
    this.#session.send(0, { name: 'connection.tune', ...this.#limits });
  }

  /** Clients from before that capability take the end of the socket for a failed login, a close for something else. */
  #refuse(error: unknown): undefined {
    if (this.#capabilities.authenticationFailureClose) throw error;
    this.#events.onRefused();
  }

  #tune(method: MethodOf<'connection.tune-ok'>): undefined {
    this.#limits = negotiate(method, this.#limits);
    const { host, core } = this.#session;
    host.engine.setFrameMax(core, this.#limits.frameMax);
    host.engine.setBodyMax(core, host.limits.maxMessageSize);
    this.#step = 'opening';
  }

  async #open(method: MethodOf<'connection.open'>): Promise<void> {
    const vhost = method.virtualHost;
    const { host, id, core } = this.#session;
    await this.#session.ask(method.name, {
      op: 'connection.open',
      vhost,
      user: this.#principal.name,
      name: this.#name,
    });
    this.#vhost = vhost;
    host.engine.setVhost(core, host.routeSpace(id, vhost, this.#principal));
    this.#events.onOpen();
    this.#session.send(0, { name: 'connection.open-ok' });
  }
}
