/** What a NATS server says of a stream, as a stream's info. */
import type { StreamInfo as NatsStreamInfo } from '@nats-io/jetstream';
import type { Replica, StreamInfo } from '../log-stream.js';

export function readInfo({ state, cluster }: NatsStreamInfo): StreamInfo {
  const leader = cluster?.leader ? cluster.leader : null;
  const replicas: Replica[] = leader === null ? [] : [{ server: leader, isCurrent: true }];
  for (const { name, current, offline } of cluster?.replicas ?? []) {
    replicas.push({ server: name, isCurrent: current && offline !== true });
  }
  // It says 0 where nothing was ever appended.
  return { first: Math.max(1, state.first_seq), last: state.last_seq, octets: state.bytes, leader, replicas };
}
