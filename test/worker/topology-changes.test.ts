/** What a worker tells the coordinator of the topology that it has applied, where changes come while it applies others. */
import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { Change } from '../../src/broker/requests/requests.js';
import { type Affected, TopologyChanges } from '../../src/worker/topology-changes.js';

/** A worker whose changes are posted by `post`; `applying` is called while one of them is applied. */
function worker(applying: (change: Change) => void) {
  const { port1, port2 } = new MessageChannel();
  const own = { epoch: 1, applied: [] as number[], told: [] as number[], kinds: [] as string[] };
  const affected = {
    engine: { topologyEpoch: () => own.epoch, applyTopology: (epoch: number) => void own.applied.push(epoch) },
    eventLoop: { begin() {}, progress: { turnTo() {} } },
    view: {
      apply(change: Change) {
        own.kinds.push(change.kind);
        applying(change);
      },
    },
    routeSpaces: { routesForgotten() {} },
    vhostsChanged() {},
    rightsChanged() {},
  } as unknown as Affected;
  const changes = new TopologyChanges(port1, affected, (epoch) => own.told.push(epoch));
  onTestFinished(() => changes.close());
  return { own, changes, post: (...kinds: Change['kind'][]) => port2.postMessage(kinds.map((kind) => ({ kind }))) };
}

test('what comes while changes are applied is told of, too: nobody asks again how far the worker is', () => {
  const { own, changes, post } = worker(() => {
    // The coordinator has posted this one and raised the epoch after the worker had looked at it.
    own.epoch = 2;
  });
  post('vhost.changed');
  changes.sync();
  expect(own).toEqual({ epoch: 2, applied: [2], told: [2], kinds: ['vhost.changed'] });
});

test('changes that are posted while others are applied are applied before their epoch is told', () => {
  const { own, changes, post } = worker((change) => {
    if (change.kind !== 'vhost.changed') return;
    post('exchange.declared');
    own.epoch = 2;
  });
  post('vhost.changed');
  changes.sync();
  expect(own).toEqual({ epoch: 2, applied: [2], told: [2], kinds: ['vhost.changed', 'exchange.declared'] });
});
