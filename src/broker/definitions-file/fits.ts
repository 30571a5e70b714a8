/**
 * Whether a file of definitions fits what the broker has, before anything is changed: what it names is there or comes
 * with it. What must hold: after this nothing but a lack of memory can stand against an import.
 */
import { exchangeType } from '../routing/exchange-types.js';
import type { BindingDeclaration, DefinitionsFile } from './entries.js';
import { DefinitionsError } from './fields.js';
import type { Present } from './present.js';

/** What is done with a fault. */
type Fail = (fault: DefinitionsError) => void;

const throwIt: Fail = (fault) => {
  throw fault;
};

/** Throws the first fault, a `DefinitionsError`, or tells `fail` of each. */
export function checkFits(file: DefinitionsFile, present: Present, fail: Fail = throwIt): void {
  checkVhosts(file, present, fail);
  const users = new Set(file.users.map(({ name }) => name));
  for (const { place, permissions } of [...file.permissions, ...file.topicPermissions]) {
    if (users.has(permissions.user) || present.hasUser(permissions.user)) continue;
    const reason = `must be a user that is there, or in this file: '${permissions.user}' is not`;
    fail(new DefinitionsError(`${place}.user`, reason));
  }
  checkLimits(
    'queues',
    file.queues.filter(({ request }) => present.queue(request.vhost, request.queue) === undefined),
    present.allowsQueue,
    fail,
  );
  checkLimits(
    'exchanges',
    file.exchanges.filter(({ request }) => present.exchange(request.vhost, request.exchange) === undefined),
    present.allowsExchange,
    fail,
  );
  const ends = endsIn(file, present);
  for (const binding of file.bindings) checkBinding(binding, ends, fail);
}

function checkVhosts(file: DefinitionsFile, present: Present, fail: Fail): void {
  const vhosts = new Set(file.vhosts.map(({ vhost }) => vhost));
  const check = (place: string, vhost: string): void => {
    if (vhosts.has(vhost) || present.hasVhost(vhost)) return;
    fail(new DefinitionsError(`${place}.vhost`, `must be a vhost that is there, or in this file: '${vhost}' is not`));
  };
  for (const { place, permissions } of [...file.permissions, ...file.topicPermissions]) check(place, permissions.vhost);
  for (const { place, proposal } of file.policies) check(place, proposal.vhost);
  for (const { place, vhost } of file.vhostLimits) check(place, vhost);
  for (const { place, request } of [...file.exchanges, ...file.queues, ...file.bindings]) check(place, request.vhost);
}

function checkLimits(
  what: string,
  news: readonly { readonly place: string; readonly request: { readonly vhost: string } }[],
  allows: (vhost: string, more: number, moreInAll: number) => boolean,
  fail: Fail,
): void {
  const more = new Map<string, number>();
  for (const [moreInAll, { place, request }] of news.entries()) {
    const { vhost } = request;
    const before = more.get(vhost) ?? 0;
    if (!allows(vhost, before, moreInAll)) {
      fail(new DefinitionsError(place, `is more than the limit of ${what} allows, of vhost '${vhost}' or of all`));
    }
    more.set(vhost, before + 1);
  }
}

/** What bindings may lead from and to: what is there counts before what the file says of it. */
type Ends = Pick<Present, 'exchange' | 'queue'>;

function endsIn(file: DefinitionsFile, present: Present): Ends {
  const exchanges = new Map(file.exchanges.map(({ request }) => [keyOf(request.vhost, request.exchange), request]));
  const queues = new Map(file.queues.map(({ request }) => [keyOf(request.vhost, request.queue), request]));
  return {
    exchange: (vhost, name) => present.exchange(vhost, name) ?? exchanges.get(keyOf(vhost, name)),
    queue: (vhost, name) => present.queue(vhost, name) ?? queues.get(keyOf(vhost, name)),
  };
}

function keyOf(vhost: string, name: string): string {
  return JSON.stringify([vhost, name]);
}

/** Where an end is missing there will be no binding, and the importer says so: RabbitMQ's files hold such. */
function checkBinding({ place, request }: BindingDeclaration, ends: Ends, fail: Fail): void {
  const { vhost, routingKey, arguments: args } = request;
  const isToQueue = 'queue' in request;
  const name = isToQueue ? request.exchange : request.source;
  const source = ends.exchange(vhost, name);
  const destination = isToQueue ? request.queue : request.destination;
  const end = isToQueue ? ends.queue(vhost, destination) : ends.exchange(vhost, destination);
  if (source === undefined || end === undefined) return;
  const kind = isToQueue ? 'queue' : 'exchange';
  const bound = { destination: { name: destination }, routingKey, arguments: args };
  const error =
    exchangeType(source.type)?.bindingError(bound, source.arguments, { kind, arguments: end.arguments }) ?? null;
  if (error !== null) fail(new DefinitionsError(place, `cannot be bound to exchange '${name}': ${error}`));
}
