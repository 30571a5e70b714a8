/**
 * This folder has a node of a cluster as it lives, whether it leads or follows.
 *
 * Here: what such a node offers to those who look at it and steer it: the HTTP API, metrics, alarms. What must hold:
 * what it tells are plain values, which can go to another thread; it answers soon, whatever the stream does.
 */
import type { ClusterStatus } from '../../cluster/protocol/cluster-status.js';

export interface ClusterReport extends ClusterStatus {
  /** What an operator should look at, in words. Not there: nobody watches this node. */
  readonly alarms?: readonly string[];
}

export interface ClusterMember {
  status(): Promise<ClusterReport>;
  /**
   * As the leader: begins to hand over, to this node, or (null) to the standby that has applied most. False: it does
   * not serve, or hands over already.
   */
  stepDown(to: string | null): Promise<boolean>;
  /**
   * Has all nodes forget one that is gone for good: nobody waits for it, nor tells of it, unless it tells of itself
   * again. False: nobody has heard of it.
   */
  remove(node: string): Promise<boolean>;
}

/** A question to a member in another thread; the answer is what the method of this name brings. */
export type MemberCall =
  | { readonly op: 'status' }
  | { readonly op: 'stepDown'; readonly to: string | null }
  | { readonly op: 'remove'; readonly node: string };

export function callMember(member: ClusterMember, call: MemberCall): Promise<ClusterReport | boolean> {
  switch (call.op) {
    case 'status':
      return member.status();
    case 'stepDown':
      return member.stepDown(call.to);
    case 'remove':
      return member.remove(call.node);
    default:
      return call satisfies never;
  }
}

/** A member in another thread: `ask` brings what `callMember` does there. */
export function remoteMember(ask: <T>(call: MemberCall) => Promise<T>): ClusterMember {
  return {
    status: () => ask({ op: 'status' }),
    stepDown: (to) => ask({ op: 'stepDown', to }),
    remove: (node) => ask({ op: 'remove', node }),
  };
}
