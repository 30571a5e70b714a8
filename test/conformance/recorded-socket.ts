/**
 * A connection at the level of frames whose conversation is written down: greetings, methods on channel 0, and how it ended.
 */
import type { Method } from '../../src/amqp/protocol.js';
import type { Fields } from '../support/methods.js';
import type { RawClient } from '../support/raw-client.js';
import { renderArrival, renderClose } from './rendering.js';

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
