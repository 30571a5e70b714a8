/** Policies, as the API has them. */
import { call, pathOf } from '../../api/client.js';
import type { Target } from './settings.js';

export type Kind = 'policies' | 'operator-policies';

export interface Policy {
  readonly vhost: string;
  readonly name: string;
  readonly pattern: string;
  readonly 'apply-to': Target;
  readonly definition: Readonly<Record<string, string | number>>;
  readonly priority: number;
}

export function pathOfPolicy(kind: Kind, vhost: string, name: string): string {
  return pathOf(`/api/${kind}`, vhost, name);
}

export function setPolicy(kind: Kind, { vhost, name, ...body }: Policy): Promise<void> {
  return call('PUT', pathOfPolicy(kind, vhost, name), body);
}

export function deletePolicy(kind: Kind, { vhost, name }: Policy): Promise<void> {
  return call('DELETE', pathOfPolicy(kind, vhost, name));
}

/** `max-length: 5, overflow: drop-head` */
export function definitionText({ definition }: Policy): string {
  return Object.entries(definition)
    .map(([key, value]) => `${key}: ${value === '' ? '""' : value}`)
    .join(', ');
}
