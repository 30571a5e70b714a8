/**
 * What connections have to send, in the order in which they had something first: contents that did not fit, confirms,
 * and the boxes that the host takes to the sockets. What must hold: nothing stands between the frames of a content.
 */
import type { Channel } from './channel.js';
import type { Connection } from './connection.js';
import { Fifo } from './fifo.js';
import type { Memory } from './memory.js';
import { ACK_SIZE, writeAck } from './methods.js';

export class Output {
  readonly #memory: Memory;
  readonly #onRoom: (connection: Connection) => void;
  readonly #announced = new Fifo<Connection>();
  /** Connections that could not write all they have for want of a box. */
  readonly #stalled = new Set<Connection>();
  /** Whether a box was given back since they were tried last. */
  #boxesFreed = false;

  /** `onRoom`: the connection's consumers may try again. */
  constructor(memory: Memory, onRoom: (connection: Connection) => void) {
    this.#memory = memory;
    this.#onRoom = onRoom;
  }

  /** Bytes were written into the connection's box. */
  announce(connection: Connection): void {
    if (connection.announced || connection.outbox.filled === 0 || connection.outbox.writing) return;
    connection.announced = true;
    this.#announced.push(connection);
  }

  /** The connection needs a box and there was none. */
  stall(connection: Connection): void {
    this.#stalled.add(connection);
  }

  /** Tries once more those that found no box. */
  retryStalled(): void {
    this.#boxesFreed = false;
    if (this.#stalled.size === 0) return;
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const connection of stalled) this.proceed(connection);
  }

  /** Whether boxes have become free that were missing, or something waits to be sent. */
  hasWork(): boolean {
    return this.#announced.length > 0 || (this.#boxesFreed && this.#stalled.size > 0);
  }

  /** Writes what is left of a content, then confirms, and lets consumers go on. */
  proceed(connection: Connection): void {
    if (!this.#writeContent(connection) || !this.#writeConfirms(connection)) {
      this.#stalled.add(connection);
      return;
    }
    this.#onRoom(connection);
  }

  /** Publishes of the channel were handled: it owes a confirm. */
  owe(channel: Channel): void {
    channel.handled++;
    if (channel.owesConfirm) return;
    channel.owesConfirm = true;
    channel.connection.owing.push(channel);
  }

  /** One basic.ack for each channel that owes some. */
  confirm(connection: Connection): void {
    if (connection.owing.length > 0 && !this.#writeConfirms(connection)) this.#stalled.add(connection);
  }

  next(): Connection | undefined {
    for (let connection = this.#announced.shift(); connection !== undefined; connection = this.#announced.shift()) {
      connection.announced = false;
      if (!connection.closed && connection.outbox.filled > 0 && !connection.outbox.writing) return connection;
    }
    return undefined;
  }

  /** The socket has taken a box. */
  landed(connection: Connection, box: number): void {
    connection.outbox.landed(box);
    this.#boxesFreed = true;
    this.proceed(connection);
    this.announce(connection);
  }

  forget(connection: Connection): void {
    connection.content.drop();
    connection.outbox.close();
    this.#stalled.delete(connection);
  }

  #writeContent(connection: Connection): boolean {
    const { content, outbox } = connection;
    if (!content.active) return true;
    const room = outbox.room();
    if (room > 0) {
      outbox.advanceTo(content.write(outbox.end, room, connection.outputMax));
      this.announce(connection);
    }
    return !content.active;
  }

  #writeConfirms(connection: Connection): boolean {
    const { owing, outbox } = connection;
    if (owing.length === 0) return true;
    if (connection.content.active) return false;
    for (let channel = owing.at(-1); channel !== undefined; channel = owing.at(-1)) {
      if (channel.state === 'open') {
        if (outbox.room() < ACK_SIZE) return false;
        const multiple = channel.handled - channel.confirmed > 1;
        outbox.advanceTo(writeAck(this.#memory.bytes, outbox.end, channel.number, channel.handled, multiple));
        channel.confirmed = channel.handled;
      }
      channel.owesConfirm = false;
      owing.pop();
    }
    this.announce(connection);
    return true;
  }
}
