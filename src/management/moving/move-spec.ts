/** What a move is to do: as it is asked for, shown, and kept on disk. */
import type { FilterSpec } from '../browsing/message-filter.js';
import { MessageFilter } from '../browsing/message-filter.js';
import { MOVE_TARGET } from '../contract/messages.js';
import { Body } from '../http/bodies.js';
import { badRequest } from '../http/errors.js';

export type Target =
  /** Null: each under its own key. */
  | { readonly kind: 'exchange'; readonly exchange: string; readonly routingKey: string | null }
  | { readonly kind: 'queue'; readonly queue: string }
  /** Where it was published to before it died for the first time. */
  | { readonly kind: 'origin' };

export interface MoveSpec {
  readonly vhost: string;
  readonly queue: string;
  readonly to: Target;
  /** Null: all that were ready when it began. */
  readonly count: number | null;
  readonly filter: FilterSpec;
  /** What becomes of the headers that tell of deaths. */
  readonly deaths: 'keep' | 'remove';
  /** As whom it moves. */
  readonly user: string;
  /** What was granted to whoever is no user, without its end: a move that was begun goes on. Null: a user. */
  readonly scopes: readonly string[] | null;
}

/** What the body of a request asks for; throws the answer to one that cannot be done. */
export function moveIn(body: Body): Pick<MoveSpec, 'to' | 'count' | 'filter' | 'deaths'> {
  const count = body.value('count') === undefined ? null : body.whole('count');
  if (count !== null && count < 1) throw badRequest('count must be at least 1');
  const deaths = body.text('deaths', 'keep');
  if (deaths !== 'keep' && deaths !== 'remove') throw badRequest('deaths must be keep or remove');
  const filter = filterIn(new Body(body.value('filter')));
  // Refuses a wrong expression.
  new MessageFilter(filter);
  return { to: targetIn(body), count, filter, deaths };
}

function targetIn(body: Body): Target {
  const to = body.value('to');
  if (to === 'origin') return { kind: 'origin' };
  const fields = new Body(to);
  const named = ['exchange', 'queue'].filter((name) => fields.value(name) !== undefined);
  if (named.length !== 1) throw badRequest(MOVE_TARGET);
  if (named[0] === 'queue') return { kind: 'queue', queue: fields.text('queue') };
  const routingKey = fields.value('routing_key') === undefined ? null : fields.text('routing_key');
  if (Buffer.byteLength(routingKey ?? '') > 255) throw badRequest('routing_key is longer than 255 octets');
  return { kind: 'exchange', exchange: fields.text('exchange'), routingKey };
}

function filterIn(fields: Body): FilterSpec {
  return {
    match: fields.text('match', ''),
    key: fields.text('key', ''),
    exchange: fields.text('exchange', ''),
    body: fields.text('body', ''),
    headers: textsIn(fields, 'headers'),
    properties: textsIn(fields, 'properties'),
    useRegex: fields.yesOrNo('use_regex', false),
  };
}

function textsIn(fields: Body, name: string): Readonly<Record<string, string>> {
  const within = new Body(fields.value(name));
  return Object.fromEntries(Object.keys(within.all()).map((one) => [one, within.text(one)]));
}

/** As the API shows it. */
export function targetJson(to: Target) {
  switch (to.kind) {
    case 'origin':
      return 'origin';
    case 'queue':
      return { queue: to.queue };
    case 'exchange':
      return to.routingKey === null ? { exchange: to.exchange } : { exchange: to.exchange, routing_key: to.routingKey };
  }
}
