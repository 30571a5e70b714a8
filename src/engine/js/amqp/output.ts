/**
 * What connections have to send, in the order in which they had something first: contents that did not fit, confirms,
 * and the boxes that the host takes to the sockets. What must hold: nothing stands between the frames of a content.
 */

import { ChannelCounter, Counter } from '../../engine.js';
import type { Counters } from '../memory/counters.js';
import { Fifo } from '../memory/fifo.js';
import type { Memory } from '../memory/memory.js';
import type { Channel, Connection } from './connection.js';
import { ACK_SIZE, writeAck, writeNack } from './methods.js';

export class Output {
  readonly #memory: Memory;
  readonly #counters: Counters;
  readonly #onRoom: (connection: Connection) => void;
  readonly #announced = new Fifo<Connection>();
  /** Connections that could not write all they have for want of a box. */
  readonly #stalled = new Set<Connection>();
  /** Whether a box was given back since they were tried last. */
  #boxesFreed = false;

  /** `onRoom`: the connection's consumers may try again. */
  constructor(memory: Memory, counters: Counters, onRoom: (connection: Connection) => void) {
    this.#memory = memory;
    this.#counters = counters;
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
    this.#counters.count(Counter.RECEIVED_CONFIRMING, 1);
    this.#list(channel);
  }

  /** What the channel owes need not wait any more. */
  release(channel: Channel): void {
    this.#list(channel);
    this.confirm(channel.connection);
  }

  #list(channel: Channel): void {
    if (channel.owesConfirm) return;
    channel.owesConfirm = true;
    channel.connection.owing.push(channel);
  }

  /** A publish was handled by itself: a refusal is written at once, behind what it follows, if that can be. */
  answer(channel: Channel, accepted: boolean): void {
    this.owe(channel);
    if (accepted) return;
    channel.refused.push(channel.handled);
    this.confirm(channel.connection);
  }

  /** For each channel that owes some: a basic.ack, and a basic.nack for each publish that was refused. */
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
    const { owing } = connection;
    if (owing.length === 0) return true;
    if (connection.content.active) return false;
    for (let channel = owing.at(-1); channel !== undefined; channel = owing.at(-1)) {
      if (channel.state === 'open') {
        const upTo = channel.held.upTo(channel.handled);
        if (!this.#writeNacks(channel, upTo) || !this.#writeAck(channel, upTo)) return false;
      }
      channel.owesConfirm = false;
      owing.pop();
    }
    this.announce(connection);
    return true;
  }

  /** Refuses what was refused, up to a number, behind what comes before it. */
  #writeNacks(channel: Channel, upTo: number): boolean {
    const { refused } = channel;
    const { outbox } = channel.connection;
    let written = 0;
    let isRoom = true;
    for (const number of refused) {
      if (number > upTo) break;
      isRoom = this.#writeAck(channel, number - 1) && outbox.room() >= ACK_SIZE;
      if (!isRoom) break;
      outbox.advanceTo(writeNack(this.#memory.bytes, outbox.end, channel.number, number));
      channel.confirmed = number;
      written++;
    }
    refused.splice(0, written);
    return isRoom;
  }

  /** Confirms what has no answer yet, up to a number. */
  #writeAck(channel: Channel, upTo: number): boolean {
    const { outbox } = channel.connection;
    const count = upTo - channel.confirmed;
    if (count <= 0) return true;
    if (outbox.room() < ACK_SIZE) return false;
    outbox.advanceTo(writeAck(this.#memory.bytes, outbox.end, channel.number, upTo, count > 1));
    channel.confirmed = upTo;
    this.#counters.countInVhost(channel.connection.vhostCounters, Counter.CONFIRMED, count);
    channel.count(ChannelCounter.CONFIRMED, count);
    return true;
  }
}
