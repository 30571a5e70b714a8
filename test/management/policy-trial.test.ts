/** What a policy would meet, asked before it is set, beside what it meets once it is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

interface Met {
  readonly count: number;
  readonly in_force: number;
  readonly first: readonly { readonly name: string; readonly in_force: boolean; readonly other: string | null }[];
}

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);

const PATTERNS = ['.*', '^a', 'b$', '^a\\.b$', 'none', 'c|d'];
const NAMES = ['a', 'a.b', 'b', 'c', 'a.c', 'd.b'];
const TARGETS = ['all', 'queues', 'classic_queues', 'quorum_queues', 'exchanges'];

const policy = fc.record({
  name: fc.constantFrom('p', 'q', 'r'),
  pattern: fc.constantFrom(...PATTERNS),
  priority: fc.integer({ min: 0, max: 2 }),
  'apply-to': fc.constantFrom(...TARGETS),
});

it(`tells what the policy then does (seed ${SEED})`, async () => {
  const { administration } = api().broker;
  for (const [at, name] of NAMES.entries()) {
    const type = at % 2 === 0 ? 'classic' : 'quorum';
    await api().put(`/queues/%2F/${name}`, { durable: true, arguments: { 'x-queue-type': type } });
    await api().put(`/exchanges/%2F/${name}`, { type: 'fanout' });
  }
  await fc.assert(
    fc.asyncProperty(fc.array(policy, { maxLength: 3 }), policy, async (before, wanted) => {
      for (const { name } of [{ name: 'p' }, { name: 'q' }, { name: 'r' }]) await api().delete(`/policies/%2F/${name}`);
      for (const { name, ...body } of before)
        await api().put(`/policies/%2F/${name}`, { ...body, definition: { 'max-length': 1 } });
      const { status, json } = await api().post('/leveret/policies/%2F/trial', wanted);
      expect(status).toBe(200);
      const { queues, exchanges } = json as { readonly queues: Met; readonly exchanges: Met };
      const { name, ...body } = wanted;
      await api().put(`/policies/%2F/${name}`, { ...body, definition: { 'max-length': 1 } });
      const counted: string[] = [];
      for (const [at, queue] of NAMES.entries()) {
        const subject = { kind: 'queue', vhost: '/', name: queue, type: at % 2 === 0 ? 'classic' : 'quorum' } as const;
        if ((await administration.policyOf('policy', subject))?.name === name) counted.push(`queue ${queue}`);
      }
      for (const { name: exchange } of (await api().get('/exchanges/%2F')).json as readonly {
        readonly name: string;
      }[]) {
        if (exchange === '') continue;
        const subject = { kind: 'exchange', vhost: '/', name: exchange } as const;
        if ((await administration.policyOf('policy', subject))?.name === name) counted.push(`exchange ${exchange}`);
      }
      const told = [
        ...queues.first.filter((one) => one.in_force).map((one) => `queue ${one.name}`),
        ...exchanges.first.filter((one) => one.in_force).map((one) => `exchange ${one.name}`),
      ];
      expect(told.toSorted()).toEqual(counted.toSorted());
      expect(queues.in_force + exchanges.in_force).toBe(counted.length);
    }),
    { seed: SEED, numRuns: 30 },
  );
});

it('what is wrong with a pattern, or with what it is for, is said', async () => {
  expect((await api().post('/leveret/policies/%2F/trial', { pattern: '(' })).json).toMatchObject({
    reason: 'pattern is no regular expression: missing closing ): `(`',
  });
  expect((await api().post('/leveret/policies/%2F/trial', { pattern: '', 'apply-to': 'users' })).json).toMatchObject({
    reason: "apply-to 'users' is not known",
  });
});
