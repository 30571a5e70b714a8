/**
 * What nodes tell each other of themselves, beside the stream: for people to see, and for the leader to know what it
 * may let go of. What must hold: nobody decides by it who leads; it may be lost, late, or out of order, and a node may
 * hear itself.
 */
import type { Role } from './role.js';

export interface MemberStatus {
  readonly name: string;
  /** Of Leveret. */
  readonly version: string;
  /** Where it takes what others pass on (listeners/members.ts): HOST:PORT, as they reach it; null: nowhere. */
  readonly address: string | null;
  /** copying: it is no node yet: it makes its store from another node's, whose `applied` it names. */
  readonly state: Role['kind'] | 'copying';
  readonly epoch: number;
  /** The last message that it has read, or appended. */
  readonly read: number;
  /** How far its store is durable: the stream must keep what is behind. */
  readonly applied: number;
  /** What is wrong with it, in words; null: nothing. */
  readonly trouble: string | null;
  /** It ends in order: nobody waits for it. */
  readonly leaves?: boolean;
}

export interface Presence {
  publish(status: MemberStatus): void;
  /** One listener. */
  onStatus(listener: (status: MemberStatus) => void): void;
  close(): void;
}
