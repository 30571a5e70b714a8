/**
 * What the operator's log tells of one connection: that it came, who it is, what it did wrong, how it ended; in
 * RabbitMQ's words, which people search for. What must hold: each is told once, none for a message; who says nothing at
 * all, as health checks do, is told at the level `debug` alone; how many lines clients can cause is bounded.
 */
import { type AmqpError, replyName } from '../amqp/errors.js';
import { methodName } from '../amqp/protocol.js';
import type { ConnectionId } from '../broker/requests/requests.js';
import type { Area, Level } from '../logging/levels.js';
import { LineBudget } from '../logging/line-budget.js';
import type { Fields, Logger } from '../logging/logger.js';
import { printable, quoted } from '../logging/printable.js';
import { type Endpoint, endpointText, hostText } from './transport/endpoint.js';

/** A storm of clients that come back is told in full. */
const COMING_AND_GOING = { atOnce: 3_000, perSecond: 20 };
/** What clients do wrong. */
const MISTAKES = { atOnce: 200, perSecond: 2 };

const UNEXPECTED = 'client unexpectedly closed TCP connection';

/** What a worker tells of all its connections. */
export class ConnectionLog {
  readonly logger: Logger;
  readonly #comings: LineBudget;
  readonly #mistakes: LineBudget;

  constructor(logger: Logger) {
    this.logger = logger;
    this.#comings = new LineBudget(COMING_AND_GOING, (leftOut) =>
      logger.info('connection', `${leftOut} more lines on clients that came and went were left out`),
    );
    this.#mistakes = new LineBudget(MISTAKES, (leftOut) =>
      logger.warning('connection', `${leftOut} more lines on what clients did wrong were left out`),
    );
  }

  /** `source`: the client's address. */
  tell(level: Level, area: Area, source: string, line: () => string, fields: Fields): void {
    if (!this.logger.isOn(area, level)) return;
    const budget = level === 'error' ? this.#mistakes : this.#comings;
    if (budget.take(source)) this.logger.add(level, area, line(), fields);
  }
}

/** Who has come in. */
export interface Opened {
  readonly user: string;
  readonly vhost: string;
  /** What the client calls its connection; null: nothing. */
  readonly name: string | null;
}

export class ConnectionLines {
  readonly #log: ConnectionLog;
  readonly #id: ConnectionId;
  #source = '';
  /** Both ends; '': the client has said nothing yet. */
  #ends = '';
  #fields: Fields;
  #opened: Opened | null = null;
  /** Its end is told, or there is nothing to tell of it. */
  #isOver = false;

  constructor(log: ConnectionLog, id: ConnectionId) {
    this.#log = log;
    this.#id = id;
    this.#fields = { connection: id };
  }

  /** The client has begun to speak. */
  accepted(peer: Endpoint | null, local: Endpoint | null): void {
    this.#source = hostText(peer);
    this.#ends = `${endpointText(peer)} -> ${endpointText(local)}`;
    this.#fields = { connection: this.#id, peer: endpointText(peer) };
    this.#tell('info', 'connection', () => `accepting AMQP connection ${this.#number} (${this.#ends})`);
  }

  /** The client is in. */
  opened(opened: Opened): void {
    this.#opened = opened;
    const { user, vhost, name } = opened;
    this.#fields = { ...this.#fields, user, vhost, ...(name === null ? {} : { name }) };
    if (name !== null)
      this.#tell(
        'info',
        'connection',
        () => `connection ${this.#number} (${this.#ends}) has a client-provided name: ${shown(name)}`,
      );
    this.#tell(
      'info',
      'connection',
      () =>
        `connection ${this.#number} (${this.#ends}${this.#nameText}): user ${quoted(user)} authenticated and granted ` +
        `access to vhost ${quoted(vhost)}`,
    );
  }

  /** A channel is closed for what the client did on it. */
  channelFailed(channel: number, error: AmqpError): void {
    const where = `on connection ${this.#number} (${this.#ends}${this.#nameText}${this.#whoText}), channel ${channel}`;
    const area = error.code === ACCESS_REFUSED ? 'access' : 'channel';
    this.#tell('error', area, () => `Channel error ${where}: ${errorText(error, 'channel')}`);
  }

  /** The connection is closed for what the client did, or because somebody wants it to end. */
  failed(error: AmqpError, state: string, user: string): void {
    const area = error.code === ACCESS_REFUSED ? 'access' : 'connection';
    const who = this.#opened !== null || user === '' ? this.#whoText : `, user: ${quoted(user)}`;
    const head = `Error on AMQP connection ${this.#number} (${this.#ends}${this.#nameText}${who}, state: ${state})`;
    const line = (): string =>
      this.#opened === null
        ? `${head}: ${explanation(error)}`
        : `${head}, channel 0: ${errorText(error, 'connection')}`;
    this.#tell('error', area, line);
  }

  /** The connection has ended, or is about to, as it should. */
  closing(): void {
    if (this.#ends !== '') this.#end('info', '');
    this.#isOver = true;
  }

  /** The connection has ended by itself, for a reason that is told if none was before. */
  lost(level: 'warning' | 'error' = 'warning', reason: string = UNEXPECTED): void {
    if (this.#ends !== '') this.#end(level, `: ${reason}`);
    else if (!this.#isOver) this.#tell('debug', 'connection', () => `connection ${this.#number} ended without a word`);
    this.#isOver = true;
  }

  #end(level: Level, reason: string): void {
    if (this.#isOver) return;
    this.#tell(
      level,
      'connection',
      () => `closing AMQP connection ${this.#number} (${this.#ends}${this.#nameText}${this.#whoText})${reason}`,
    );
  }

  /** As RabbitMQ writes the number of a connection's process. */
  get #number(): string {
    return `<0.${this.#id}.0>`;
  }

  get #nameText(): string {
    const name = this.#opened?.name ?? null;
    return name === null ? '' : ` - ${shown(name)}`;
  }

  get #whoText(): string {
    if (this.#opened === null) return '';
    return `, vhost: ${quoted(this.#opened.vhost)}, user: ${quoted(this.#opened.user)}`;
  }

  #tell(level: Level, area: Area, line: () => string): void {
    this.#log.tell(level, area, this.#source, line, this.#fields);
  }
}

const ACCESS_REFUSED = 403;
/** Of a connection's name (characters). */
const NAME_MAX = 255;

function shown(name: string): string {
  return printable(name, NAME_MAX);
}

/** `operation queue.declare caused a channel exception not_found: no queue 'nope' in vhost '/'`. */
function errorText(error: AmqpError, scope: 'channel' | 'connection'): string {
  const operation = methodName(error.classId, error.methodId) ?? 'none';
  const text = scope === 'channel' ? explanation(error) : `"${explanation(error)}"`;
  return `operation ${operation} caused a ${scope} exception ${replyName(error.code).toLowerCase()}: ${text}`;
}

/** The text without the name of its code. */
function explanation({ code, text }: AmqpError): string {
  return text.slice(`${replyName(code)} - `.length);
}
