/**
 * A connection at the level of frames whose conversation is written down: greetings, methods on channel 0, and how it
 * ended.
 */
import type { Method } from '../../src/amqp/protocol.js';
import { EMPTY_TABLE } from '../../src/amqp/table.js';
import type { Fields } from '../support/methods.js';
import type { RawClient } from '../support/raw-client.js';
import { renderArrival, renderClose, renderTable } from './rendering.js';

export class RecordedSocket {
  constructor(
    readonly client: RawClient,
    readonly note: (line: string) => void,
  ) {}

  /** Sends a method on channel 0 and writes the answer down. */
  async call<N extends Method['name']>(name: N, fields: Fields<N> = {}): Promise<Method> {
    this.client.send(name, fields);
    return this.answer();
  }

  /** Writes down the next method on channel 0. */
  async answer(): Promise<Method> {
    const method = await this.client.methods.next('a method on channel 0');
    this.note(renderArrival(method));
    return method;
  }

  /** Waits for the broker's start and writes down what it says of itself, but for the values. */
  async start(): Promise<void> {
    const { serverProperties, mechanisms, locales, ...version } = await this.client.expect('connection.start');
    const sorted = mechanisms.split(' ').sort().join(' ');
    const capabilities = serverProperties.get('capabilities');
    if (capabilities?.type === 'F') this.note(`capabilities ${renderTable(capabilities.value)}`);
    this.note(`properties ${[...serverProperties.keys()].sort().join(' ')}`);
    this.note(`${renderArrival({ ...version, serverProperties: EMPTY_TABLE, mechanisms: sorted, locales })}`);
  }

  /** Writes down whether the broker starts the handshake, or how it refuses to. */
  async startOrFailure(): Promise<void> {
    const start = await this.client.methods.next('connection.start').catch(() => null);
    if (start === null) await this.failure();
    else this.note(start.name);
  }

  /** Writes down how the broker ended the connection: with a greeting, a close, or not a word. */
  async failure(): Promise<void> {
    await this.client.ended();
    const { greeting, closing } = this.client;
    if (greeting.length > 0)
      this.note(
        `greeting ${[...greeting.subarray(0, 4)].map((octet) => String.fromCharCode(octet)).join('')} ${[...greeting.subarray(4)].join('-')}`,
      );
    if (closing !== null) this.note(renderClose({ name: 'connection.close', ...closing }));
    this.note('socket closed');
  }
}
