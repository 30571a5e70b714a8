/** What it costs to take a binding away: the same, however many others there are. */
import { expect, test } from 'vitest';
import { EMPTY_TABLE, table } from '../../../src/amqp/table.js';
import { exchangeType } from '../../../src/broker/routing/exchange-types.js';
import type { Bound } from '../../../src/broker/routing/router.js';

const BINDINGS = 2_000;
/** Looks at itself that a binding may cost when it comes and when it goes, together. */
const LOOKS_EACH = 16;

/** A binding that counts how often somebody looks at it. */
class Watched implements Bound {
  static looks = 0;
  readonly #destination = {};
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  get destination(): object {
    Watched.looks += 1;
    return this.#destination;
  }
  get routingKey(): string {
    Watched.looks += 1;
    return this.#key;
  }
  get arguments() {
    Watched.looks += 1;
    return EMPTY_TABLE;
  }
}

const TYPES = ['direct', 'fanout', 'topic', 'headers', 'x-consistent-hash', 'x-random'];
const cases = TYPES.flatMap((type) => ['oldest', 'newest'].map((first) => ({ type, first })));

test.each(cases)('$type, the $first first: each one that goes is looked at alone', ({ type, first }) => {
  const router = exchangeType(type)?.newRouter<Watched>(table({}));
  const bindings = Array.from({ length: BINDINGS }, (_, index) => new Watched(`${index + 1}`));
  Watched.looks = 0;
  for (const binding of bindings) router?.add(binding);
  for (const binding of first === 'oldest' ? bindings : bindings.reverse()) router?.remove(binding);
  expect(Watched.looks).toBeLessThan(BINDINGS * LOOKS_EACH);
  const left: Watched[] = [];
  router?.match({ keys: ['1'], properties: {} }, (binding) => left.push(binding));
  expect(left).toEqual([]);
});
