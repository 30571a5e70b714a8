/**
 * Where this node's clients belong, by what it knows of its cluster: what `ClusterStatus` says of the leader, as what
 * the front does. What must hold: nobody is passed on while this node tries to lead itself, or to a node of which
 * nothing says where, or that has told that it leads no more.
 */
import type { ClusterStatus } from '../../cluster/protocol/cluster-status.js';
import type { Leader } from './passage.js';

export type Way =
  /** This node serves. */
  | { readonly kind: 'here' }
  | { readonly kind: 'there'; readonly leader: Leader }
  /** `reason`: in words, for people. */
  | { readonly kind: 'nowhere'; readonly reason: string };

export function wayOf({ name, role, leader, epoch, members }: ClusterStatus): Way {
  if (role.kind === 'leader' && role.serves) return { kind: 'here' };
  if (role.kind === 'leader') return nowhere('this node takes over');
  if (role.kind === 'candidate') return nowhere('this node has heard no leader, and tries to lead');
  if (leader === null) return nowhere('nobody leads');
  // What this node led itself, and does no more, is over.
  if (leader === name) return nowhere('this node leads no more, and nobody else does yet');
  const member = members.find((one) => one.name === leader);
  const place = member?.address == null ? null : parsePlace(member.address);
  if (member === undefined || place === null) return nowhere(`${leader} leads, and has not told where it is`);
  if (member.epoch > epoch || (member.epoch === epoch && member.state !== 'leader'))
    return nowhere(`${leader} leads no more, and nobody else does yet`);
  return { kind: 'there', leader: { epoch, ...place } };
}

function nowhere(reason: string): Way {
  return { kind: 'nowhere', reason };
}

/** Of HOST:PORT; an address of IPv6 stands in brackets. Null: it is none. */
export function parsePlace(address: string): { readonly host: string; readonly port: number } | null {
  const [, ipv6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? null : { host, port };
}
