/**
 * The handshake: from the protocol header to an open virtual host. This folder says who comes in and within which
 * limits; connections import it, and whoever announces the broker. What must hold: the steps come one after the other,
 * and each takes one method.
 */
import { AmqpError, connectionError, replyCode } from '../../amqp/errors.js';
import { type ClientMethod, type MethodName, type MethodOf, methodId } from '../../amqp/protocol.js';
import { EMPTY_TABLE, encodeTable } from '../../amqp/table.js';
import { decodeText } from '../../amqp/text.js';
import { NOBODY, type Principal, principalOfUser } from '../../broker/access/principal.js';
import { type Grant, principalOfGrant } from '../../broker/access/scopes.js';
import type { CertifiedName } from '../certificates/certificate-login.js';
import { unexpected } from '../errors/errors.js';
import type { ConnectionRow } from '../inspection/rows.js';
import type { Session } from '../session/session.js';
import { shown } from '../tokens/claims.js';
import type { TokenLogins } from '../tokens/token-logins.js';
import { looksLikeToken } from '../tokens/token-verifier.js';
import { authenticate, type Login, type LoginSource } from './auth.js';
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

const NO_PROPERTIES = encodeTable(EMPTY_TABLE);

/** What becomes of a handshake. */
export interface HandshakeEvents {
  /** Whether the client still waits for an answer. */
  isWaiting(): boolean;
  /** Where the client is, for people. */
  address(): string;
  /** Whether the client is on this machine. */
  isLocal(): boolean;
  /** Who the client is by its certificate; null: it has shown none. */
  certified(): CertifiedName | null;
  /** A login was right, or is refused for a reason. */
  onLogin(user: string, failure: string | null): void;
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
  /** What a token gives; null: a user has come in. */
  #grant: Grant | null = null;
  #name: string | null = null;
  /** As whom the client would like to come in. */
  #claimed = '';
  #mechanism = '';
  /** As octets: few will look at them, and there is one for each connection. */
  #clientProperties = NO_PROPERTIES;
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

  /** When what the client has shown ends (ms since 1970); null: it does not. */
  get expiresAt(): number | null {
    return this.#grant?.expiresAt ?? null;
  }

  /** What the client calls its connection; null: nothing. */
  get name(): string | null {
    return this.#name;
  }

  /** What the client has said of itself and of how it comes in. */
  get client(): Pick<ConnectionRow, 'mechanism' | 'clientProperties'> {
    return { mechanism: this.#mechanism, clientProperties: this.#clientProperties };
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
      mechanisms: mechanisms(anonymous, this.#events.certified() !== null),
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
    this.#mechanism = method.mechanism;
    this.#clientProperties = encodeTable(method.clientProperties);
    let login: Login | Promise<Login>;
    try {
      login = this.#login(method);
    } catch (error) {
      return this.#refuse(error);
    }
    if (!(login instanceof Promise)) return this.#accept(method, login);
    return this.#whileWaiting(login).then(
      (one) => this.#accept(method, one),
      (error: unknown) => this.#refuse(error),
    );
  }

  #login(method: MethodOf<'connection.start-ok'>): Login | Promise<Login> {
    const { view, logins, tokens, anonymous } = this.#session.host;
    this.#claimed = '';
    const address = this.#events.address();
    const certified = this.#events.certified();
    const source: LoginSource = {
      user: (name) => view.accounts.user(name),
      login: (credentials) => {
        this.#claimed = credentials.user;
        if (tokens !== null && looksLikeToken(credentials.password)) return tokens.login(address, credentials);
        return logins.login(address, credentials);
      },
      refused: (name, reason) => logins.refused(address, name, reason),
      ...(certified === null ? {} : { external: () => logins.external(address, certified) }),
    };
    return authenticate(source, method.mechanism, method.response, this.#events.isLocal(), anonymous);
  }

  /** What is worked out, unless the client has gone meanwhile: then this never settles, and nobody waits. */
  #whileWaiting<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const ifWaiting = (goOn: () => void): void => {
        if (!this.#events.isWaiting()) return;
        this.#session.host.eventLoop.begin();
        goOn();
      };
      work.then(
        (value) => ifWaiting(() => resolve(value)),
        (error: unknown) => ifWaiting(() => reject(error)),
      );
    });
  }

  /**
   * A client that came in by a token shows another one, and has what that grants from now on. Resolves when that is so;
   * null: it did not come in by a token. RabbitMQ's reply codes and texts.
   */
  renew({ name, newSecret }: MethodOf<'connection.update-secret'>): Promise<void> | null {
    const { tokens } = this.#session.host;
    return this.#grant === null || tokens === null ? null : this.#renewed(name, tokens, decodeText(newSecret));
  }

  async #renewed(method: MethodName, tokens: TokenLogins, token: string): Promise<void> {
    const { host, id, core } = this.#session;
    const user = this.#principal.name;
    const verdict = await this.#whileWaiting(tokens.verify(token));
    const reason = verdict.ok && verdict.grant.name !== user ? `it is of user ${shown(verdict.grant.name)}` : null;
    if (!verdict.ok || reason !== null) {
      host.logins.refused(
        this.#events.address(),
        user,
        `its new token is refused: ${verdict.ok ? reason : verdict.reason}`,
      );
      throw connectionError(replyCode.NOT_ALLOWED, 'New secret was refused by one of the backends', methodId(method));
    }
    await this.#session.ask(method, { op: 'connection.renew', grant: verdict.grant });
    this.#grant = verdict.grant;
    this.#principal = principalOfGrant(verdict.grant);
    host.engine.setVhost(core, host.routeSpace(id, this.#vhost, this.#principal), host.view.countersOf(this.#vhost));
  }

  #accept(method: MethodOf<'connection.start-ok'>, { user, grant }: Login): undefined {
    this.#grant = grant;
    this.#principal =
      grant === null ? principalOfUser(this.#session.host.view.accounts, user) : principalOfGrant(grant);
    this.#name = connectionName(method.clientProperties);
    this.#events.onLogin(user, null);
    this.#step = 'tuning';
    this.#session.send(0, { name: 'connection.tune', ...this.#limits });
  }

  /** Clients from before that capability take the end of the socket for a failed login, a close for something else. */
  #refuse(error: unknown): undefined {
    this.#events.onLogin(this.#claimed, `user '${this.#claimed}' - invalid credentials`);
    if (this.#capabilities.authenticationFailureClose) throw error;
    // Nobody else tells of it: no close is sent.
    if (error instanceof AmqpError && error.code !== replyCode.ACCESS_REFUSED)
      this.#session.host.logins.refused(this.#events.address(), '', error.text);
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
    const user = this.#principal.name;
    await this.#session.ask(method.name, { op: 'connection.open', vhost, user, grant: this.#grant, name: this.#name });
    this.#vhost = vhost;
    host.engine.setVhost(core, host.routeSpace(id, vhost, this.#principal), host.view.countersOf(vhost));
    this.#events.onOpen();
    this.#session.send(0, { name: 'connection.open-ok' });
  }
}
