/**
 * What is told of rules and alarms: policies, limits, parameters. RabbitMQ tells of most rules twice: they are
 * parameters, too.
 */
import type { GlobalParameter } from '../policies/global-parameters.js';
import type { LimitScope, LimitSet } from '../policies/limits.js';
import type { Policy, PolicyKind } from '../policies/policies.js';
import { NODE_NAME } from '../requests/names.js';
import type { Announcements, Told } from './announcements.js';
import { jsonValue, text, whole } from './event-values.js';

/** What RabbitMQ names the parameters that operators' policies and limits of vhosts are. */
const OPERATOR_POLICY = 'operator_policy';
const VHOST_LIMITS = 'vhost-limits';
const LIMITS = 'limits';

export function tellOfPolicy(announcements: Announcements, kind: PolicyKind, policy: Policy): void {
  if (!announcements.isHeard) return;
  const { vhost, name, pattern, definition, priority, applyTo } = policy;
  const value = { pattern, definition, priority, 'apply-to': applyTo };
  if (kind === 'operator policy') tellOfParameter(announcements, OPERATOR_POLICY, { vhost, name }, value);
  announcements.tell('policy.set', [
    ...named(vhost, name),
    ['pattern', text(pattern)],
    ['definition', jsonValue(definition)],
    ['priority', whole(priority)],
    ['apply-to', text(applyTo)],
  ]);
}

export function tellOfClearedPolicy(announcements: Announcements, kind: PolicyKind, vhost: string, name: string): void {
  if (!announcements.isHeard) return;
  if (kind === 'policy') return announcements.tell('policy.cleared', named(vhost, name));
  tellOfClearedParameter(announcements, OPERATOR_POLICY, { vhost, name });
  announcements.tell('operator.policy.cleared', named(vhost, name));
}

export function tellOfLimits(announcements: Announcements, scope: LimitScope, owner: string, limits: LimitSet): void {
  if (!announcements.isHeard) return;
  const values: Told = Object.entries(limits).map(([limit, value]) => [limit, whole(value)]);
  if (scope === 'vhost') tellOfParameter(announcements, VHOST_LIMITS, { vhost: owner, name: LIMITS }, limits);
  announcements.tell(`${scope}.limits.set`, [['name', text(LIMITS)], ...ownerOf(scope, owner), ...values]);
}

export function tellOfClearedLimits(announcements: Announcements, scope: LimitScope, owner: string): void {
  if (!announcements.isHeard) return;
  if (scope === 'vhost') tellOfClearedParameter(announcements, VHOST_LIMITS, { vhost: owner, name: LIMITS });
  announcements.tell(`${scope}.limits.cleared`, [['name', text(LIMITS)], ...ownerOf(scope, owner)]);
}

export function tellOfGlobalParameter(announcements: Announcements, { name, value }: GlobalParameter): void {
  if (!announcements.isHeard) return;
  tellOfParameter(announcements, 'global', { name }, JSON.parse(value));
}

export function tellOfClearedGlobalParameter(announcements: Announcements, name: string): void {
  if (announcements.isHeard) tellOfClearedParameter(announcements, 'global', { name });
}

/** `source`: what there is too little of. */
export function tellOfAlarm(announcements: Announcements, source: string, isSet: boolean): void {
  announcements.tellPlainly(isSet ? 'alarm.set' : 'alarm.cleared', [
    ['source', text(source)],
    ['node', text(NODE_NAME)],
  ]);
}

interface ParameterName {
  /** Left out: it concerns none. */
  readonly vhost?: string;
  readonly name: string;
}

function tellOfParameter(announcements: Announcements, component: string, of: ParameterName, value: unknown): void {
  announcements.tell('parameter.set', [...parameter(component, of), ['value', jsonValue(value)]]);
}

function tellOfClearedParameter(announcements: Announcements, component: string, of: ParameterName): void {
  announcements.tell('parameter.cleared', parameter(component, of));
}

function parameter(component: string, { vhost, name }: ParameterName): Told {
  const where: Told = vhost === undefined ? [] : [['vhost', text(vhost)]];
  return [['component', text(component)], ['name', text(name)], ...where];
}

function ownerOf(scope: LimitScope, owner: string): Told {
  return scope === 'user' ? [['username', text(owner)]] : [];
}

function named(vhost: string, name: string): Told {
  return [
    ['vhost', text(vhost)],
    ['name', text(name)],
  ];
}
