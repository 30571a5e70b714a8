/**
 * What a policy would meet, before it is set: which queues and exchanges its pattern is for, and whether it would count
 * there or another one goes before it. What must hold: the answer is what would be, by the same rules; however many
 * there are, nobody waits longer than a turn.
 */
import { NamePattern, patternError } from '../../../broker/access/name-pattern.js';
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import {
  goesBefore,
  isFor,
  isTarget,
  Policies,
  type PolicyKind,
  type PolicySubject,
  type PolicyTarget,
} from '../../../broker/policies/policies.js';
import type { ExchangeEntry, QueueEntry } from '../../../broker/topology/topology-entries.js';
import { Body } from '../../http/bodies.js';
import { badRequest } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { Turns } from '../../http/turns.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedVhost } from '../base/named.js';

/** So many are told by name; all are counted. */
const TOLD = 50;

interface Wanted {
  readonly name: string;
  readonly kind: PolicyKind;
  readonly pattern: NamePattern;
  readonly priority: number;
  readonly applyTo: PolicyTarget;
}

export function policyTrialRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/leveret/policies/:vhost/trial', {
    POST: {
      tag: 'management',
      handle: async ({ caller, params, body }) => {
        const vhost = namedVhost(broker, caller, params);
        const wanted = wantedIn(new Body(body));
        const others = await othersThan(broker, wanted, vhost);
        const turns = new Turns();
        return {
          queues: await met(broker.view.queuesIn(vhost), queueSubject, wanted, others, turns),
          exchanges: await met(broker.view.exchangesIn(vhost), exchangeSubject, wanted, others, turns),
        };
      },
    },
  });
}

function wantedIn(body: Body): Wanted {
  const pattern = body.text('pattern');
  const applyTo = body.text('apply-to', 'all');
  const error = patternError(pattern);
  if (error !== null) throw badRequest(`pattern is no regular expression: ${error}`);
  if (!isTarget(applyTo)) throw badRequest(`apply-to '${applyTo}' is not known`);
  return {
    name: body.text('name', ''),
    kind: body.yesOrNo('operator', false) ? 'operator policy' : 'policy',
    pattern: new NamePattern(pattern),
    priority: body.whole('priority', 0),
    applyTo,
  };
}

/** Those that it would stand beside: one of the same name is replaced. */
async function othersThan({ administration }: ManagedBroker, wanted: Wanted, vhost: string): Promise<Policies> {
  const others = new Policies();
  for (const policy of await administration.policies(wanted.kind, vhost))
    if (policy.name !== wanted.name) others.set(wanted.kind, policy);
  return others;
}

function queueSubject({ vhost, name, arguments: args }: QueueEntry): PolicySubject {
  return { kind: 'queue', vhost, name, type: queueTypeOf(args) };
}

function exchangeSubject({ vhost, name }: ExchangeEntry): PolicySubject {
  return { kind: 'exchange', vhost, name };
}

async function met<T>(
  all: Iterable<T>,
  subjectOf: (item: T) => PolicySubject,
  wanted: Wanted,
  others: Policies,
  turns: Turns,
): Promise<JsonObject> {
  let count = 0;
  let counts = 0;
  const first: JsonObject[] = [];
  for (const item of all) {
    if (turns.isOver) await turns.next();
    const subject = subjectOf(item);
    if (subject.name === '' || !isFor(wanted.applyTo, subject) || !wanted.pattern.matches(subject.name)) continue;
    count += 1;
    const other = others.applying(wanted.kind, subject);
    const inForce = other === null || goesBefore(wanted, other);
    if (inForce) counts += 1;
    if (first.length < TOLD) first.push({ name: subject.name, in_force: inForce, other: other?.name ?? null });
  }
  return { count, in_force: counts, first };
}
