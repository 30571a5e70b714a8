/**
 * Random requests of a few connections against a plain list of bindings: routes are what was bound, all views agree,
 * and what was deleted is given back exactly once.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Stage, VHOST } from '../support/stage.js';

const EXCHANGES = ['x', 'y', 'z'] as const;
const QUEUES = ['a', 'b', 'c'] as const;
const KEYS = ['k', 'l'] as const;
const CONNECTIONS = [1, 2] as const;

interface Link {
  readonly source: string;
  readonly destination: string;
  readonly key: string;
}

/** The world as a list: what exists, and what leads where. */
class Model {
  exchanges = new Set<string>();
  queues = new Map<string, number | null>();
  links: Link[] = [];

  bind(link: Link): void {
    const ends =
      this.exchanges.has(link.source) && (this.queues.has(link.destination) || this.exchanges.has(link.destination));
    if (ends && !this.links.some((other) => same(other, link))) this.links.push(link);
  }

  unbind(link: Link): void {
    this.links = this.links.filter((other) => !same(other, link));
  }

  remove(name: string): void {
    this.queues.delete(name);
    this.exchanges.delete(name);
    this.links = this.links.filter((link) => link.source !== name && link.destination !== name);
  }

  /** Queues that a message reaches from an exchange; all exchanges are direct. */
  reach(exchange: string, key: string, seen = new Set<string>()): Set<string> {
    const queues = new Set<string>();
    if (seen.has(exchange)) return queues;
    seen.add(exchange);
    for (const link of this.links.filter((one) => one.source === exchange && one.key === key)) {
      if (this.queues.has(link.destination)) queues.add(link.destination);
      else for (const queue of this.reach(link.destination, key, seen)) queues.add(queue);
    }
    return queues;
  }
}

const same = (a: Link, b: Link): boolean => a.source === b.source && a.destination === b.destination && a.key === b.key;

type Step = (stage: Stage, model: Model) => void;

const exchange = fc.constantFrom(...EXCHANGES);
const queue = fc.constantFrom(...QUEUES);
const key = fc.constantFrom(...KEYS);
const connection = fc.constantFrom(...CONNECTIONS);

const mayUse = (model: Model, name: string, by: number): boolean => [null, by].includes(model.queues.get(name) ?? null);

const steps: fc.Arbitrary<Step>[] = [
  exchange.map((name) => (stage, model) => {
    stage.exchange(name, 'direct');
    model.exchanges.add(name);
  }),
  exchange.map((name) => (stage, model) => {
    stage.deleteExchange(name);
    model.remove(name);
  }),
  fc.tuple(queue, connection, fc.boolean()).map(([name, by, exclusive]) => (stage, model) => {
    stage.queue(name, { exclusive }, by);
    if (!model.queues.has(name)) model.queues.set(name, exclusive ? by : null);
  }),
  fc.tuple(queue, connection).map(([name, by]) => (stage, model) => {
    stage.deleteQueue(name, {}, by);
    if (mayUse(model, name, by)) model.remove(name);
  }),
  connection.map((by) => (stage, model) => {
    stage.disconnect(by);
    for (const [name, owner] of [...model.queues]) if (owner === by) model.remove(name);
  }),
  fc
    .tuple(queue, exchange, key, connection, fc.boolean())
    .map(([destination, source, routingKey, by, add]) => (stage, model) => {
      const link = { source, destination, key: routingKey };
      if (add) stage.bind(destination, source, routingKey, undefined, by);
      else stage.unbind(destination, source, routingKey, undefined, by);
      if (!mayUse(model, destination, by)) return;
      if (add) model.bind(link);
      else model.unbind(link);
    }),
  fc.tuple(exchange, exchange, key, fc.boolean()).map(([destination, source, routingKey, add]) => (stage, model) => {
    const link = { source, destination, key: routingKey };
    if (add) stage.bindExchange(destination, source, routingKey);
    else stage.unbindExchange(destination, source, routingKey);
    if (add) model.bind(link);
    else model.unbind(link);
  }),
  fc.constant((stage) => stage.allApplied()),
];

test('routes are what was bound, in every view, after any history', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...steps), { maxLength: 60 }), (history) => {
      const stage = new Stage();
      const model = new Model();
      for (const step of history) {
        step(stage, model);
        for (const name of EXCHANGES) {
          for (const routingKey of KEYS) {
            expect(new Set(stage.routed(name, routingKey))).toEqual(model.reach(name, routingKey));
            const routes = stage.views.map((view) => view.route(VHOST, name, routingKey));
            expect(routes[1]).toEqual(routes[0]);
          }
        }
      }
      for (const by of CONNECTIONS) stage.disconnect(by);
      for (const name of QUEUES) stage.deleteQueue(name);
      stage.allApplied();
      expect(stage.core.freed).toEqual(stage.core.retired);
      expect(new Set(stage.core.freed)).toEqual(new Set(stage.core.ready.keys()));
    }),
    { numRuns: 300 },
  );
});
