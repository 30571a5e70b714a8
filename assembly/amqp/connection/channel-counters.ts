/**
 * What is counted of a channel, and of its connection: numbers of 64 bits in the channel's cell, and in the connection's
 * page the sums of those channels that have ended. What must hold: the connection's worker alone writes and reads them,
 * so that ordinary loads and stores do.
 */
import { Channel, CHANNEL_COUNTERS, Connection, CONNECTION_COUNTERS, COUNTERS_SIZE } from './connection';

/** Messages that the client published, and that were not refused. */
export const PUBLISHED: u32 = 0;
/** Of those: confirmed; returned; those that led nowhere and were dropped. */
export const CONFIRMED: u32 = 1;
export const RETURNED: u32 = 2;
export const DROPPED: u32 = 3;
/** Messages that were written to the client, by basic.deliver and basic.get-ok. */
export const DELIVERED: u32 = 4;
/** Of those: by basic.deliver without acknowledgement; by basic.get with one and without; delivered before. */
export const DELIVERED_NO_ACK: u32 = 5;
export const GOT: u32 = 6;
export const GOT_NO_ACK: u32 = 7;
export const REDELIVERED: u32 = 8;
/** Times that basic.get found nothing: the host counts it. */
export const GOT_EMPTY: u32 = 9;
/** Deliveries that the client has acknowledged. */
export const ACKNOWLEDGED: u32 = 10;

@inline function counterOf(channel: Channel, counter: u32): usize {
  return changetype<usize>(channel) + CHANNEL_COUNTERS + counter * 8;
}

@inline export function countChannel(channel: Channel, counter: u32, more: u64): void {
  const address = counterOf(channel, counter);
  store<u64>(address, load<u64>(address) + more);
}

export function countedOfChannel(channel: Channel, counter: u32): u64 {
  return load<u64>(counterOf(channel, counter));
}

export function countedOfEndedChannels(connection: Connection, counter: u32): u64 {
  return load<u64>(changetype<usize>(connection) + CONNECTION_COUNTERS + counter * 8);
}

/** A channel ends: its connection keeps the sums. */
export function keepCounters(connection: Connection, channel: Channel): void {
  for (let at: u32 = 0; at < COUNTERS_SIZE; at += 8) {
    const sum = changetype<usize>(connection) + CONNECTION_COUNTERS + at;
    store<u64>(sum, load<u64>(sum) + load<u64>(changetype<usize>(channel) + CHANNEL_COUNTERS + at));
  }
}

// Looked at while the core is compiled.
if ((ACKNOWLEDGED + 1) * 8 > COUNTERS_SIZE) ERROR("a channel's counters are longer than the room for them");
