/**
 * This folder is the rules that administrators set over others: policies and limits; decisions, definitions and the
 * coordinator may import it.
 *
 * Policies, and those of operators: settings for all queues and exchanges of a vhost whose names match a pattern.
 * Of all that match, the one of the highest priority counts, alone; an operator's policy restricts what it says.
 */
import { NamePattern, patternError } from '../access/name-pattern.js';
import type { PolicySettings } from '../arguments/argument.js';
import { policySettings } from './policy-definition.js';

/** What a policy can be for. There are no streams, so that nothing is what is for them. */
const TARGETS = ['all', 'queues', 'exchanges', 'classic_queues', 'quorum_queues', 'streams'] as const;
export type PolicyTarget = (typeof TARGETS)[number];

/** In the order in which they are heard. */
const KINDS = ['operator policy', 'policy'] as const;
export type PolicyKind = (typeof KINDS)[number];

export interface Policy {
  readonly vhost: string;
  readonly name: string;
  /** A regular expression; it need not match the whole name. */
  readonly pattern: string;
  readonly definition: PolicySettings;
  readonly priority: number;
  readonly applyTo: PolicyTarget;
}

/** A policy as somebody asks for it: nothing is known of its values. */
export interface PolicyProposal {
  readonly vhost: string;
  readonly name: string;
  readonly pattern: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  readonly applyTo?: string;
}

/** Something that policies apply to. */
export type PolicySubject =
  | { readonly kind: 'exchange'; readonly vhost: string; readonly name: string }
  | { readonly kind: 'queue'; readonly vhost: string; readonly name: string; readonly type: string };

interface Entry {
  readonly policy: Policy;
  readonly pattern: NamePattern;
}

export class Policies {
  /** By kind, vhost and name. */
  readonly #entries: Readonly<Record<PolicyKind, Map<string, Map<string, Entry>>>> = {
    policy: new Map(),
    'operator policy': new Map(),
  };

  /** Sets a policy, in place of one of the same name; returns it, or why it cannot be. */
  set(kind: PolicyKind, proposal: PolicyProposal): Policy | string {
    const { vhost, name, pattern, definition, priority = 0, applyTo = 'all' } = proposal;
    const error = patternError(pattern);
    if (error !== null) return `pattern should be regular expression but is invalid: ${error}`;
    if (!Number.isSafeInteger(priority)) return `priority should be number, actually was ${JSON.stringify(priority)}`;
    if (!isTarget(applyTo)) return `apply-to '${applyTo}' unrecognised; should be 'queues', 'exchanges' or 'all'`;
    const settings = policySettings(definition, kind);
    if (typeof settings === 'string') return settings;
    const policy: Policy = { vhost, name, pattern, definition: settings, priority, applyTo };
    const own = this.#entries[kind].get(vhost) ?? new Map<string, Entry>();
    this.#entries[kind].set(vhost, own.set(name, { policy, pattern: new NamePattern(pattern) }));
    return policy;
  }

  /** False when there is no such policy. */
  clear(kind: PolicyKind, vhost: string, name: string): boolean {
    return this.#entries[kind].get(vhost)?.delete(name) ?? false;
  }

  list(kind: PolicyKind, vhost: string): Policy[] {
    return [...(this.#entries[kind].get(vhost)?.values() ?? [])].map(({ policy }) => policy);
  }

  vhostDeleted(vhost: string): void {
    for (const policies of Object.values(this.#entries)) policies.delete(vhost);
  }

  /** The policy that applies; of several of the same priority the one whose name comes first. */
  applying(kind: PolicyKind, subject: PolicySubject): Policy | null {
    let best: Policy | null = null;
    for (const { policy, pattern } of this.#entries[kind].get(subject.vhost)?.values() ?? []) {
      if (!isFor(policy.applyTo, subject) || !pattern.matches(subject.name)) continue;
      if (best === null || goesBefore(policy, best)) best = policy;
    }
    return best;
  }

  /** What policies say about something, the operator's before the other. */
  settingsFor(subject: PolicySubject): PolicySettings[] {
    return KINDS.flatMap((kind) => {
      const policy = this.applying(kind, subject);
      return policy === null ? [] : [policy.definition];
    });
  }
}

export function isTarget(applyTo: string): applyTo is PolicyTarget {
  return (TARGETS as readonly string[]).includes(applyTo);
}

/** Whether a policy for this is about something of that kind. */
export function isFor(target: PolicyTarget, subject: PolicySubject): boolean {
  if (target === 'all') return true;
  if (subject.kind === 'exchange') return target === 'exchanges';
  return target === 'queues' || target === `${subject.type}_queues`;
}

/** Of two that match: whether the first one counts. */
export function goesBefore(
  policy: Pick<Policy, 'name' | 'priority'>,
  other: Pick<Policy, 'name' | 'priority'>,
): boolean {
  if (policy.priority !== other.priority) return policy.priority > other.priority;
  return policy.name < other.name;
}
