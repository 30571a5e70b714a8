/** What the node took over time. */
import { expect, it } from 'vitest';
import { NodeHistory } from '../../src/management/statistics/node-history.js';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

it('the API tells memory, disk, and the CPU of each thread', async () => {
  const { json } = await api().get('/leveret/history');
  expect(json).toMatchObject({ threads: ['worker 0', 'worker 1', 'management', 'broker'] });
  const [sample] = (json as { samples: { memory: number; core_memory: number; cpu_seconds: number[] }[] }).samples;
  expect(sample?.memory).toBeGreaterThan(0);
  expect(sample?.core_memory).toBeGreaterThan(0);
  expect(sample?.cpu_seconds).toHaveLength(4);
  expect((await api().get('/leveret/history?age=0')).json).toMatchObject({ reason: 'age must be from 1 to 86400 s' });
});

it('the last hour is kept in full, a day in less detail, and nothing beyond', () => {
  const latencies = { lastMinute: () => ({ deliveries: 0, p50: null, p95: null, p99: null }) };
  const history = new NodeHistory({ countedBy: () => 0, memoryUsed: () => 1 }, { disk: null }, latencies);
  const end = 40 * 3_600_000;
  for (let time = 0; time <= end; time += 5_000) history.sample(time);
  const times = (age: number, step: number): number[] =>
    history.since(age, step, end).map(({ timestamp }) => timestamp);
  expect(times(600_000, 5_000)).toHaveLength(121);
  expect(times(3_600_000, 30_000)).toHaveLength(121);
  const day = times(86_400_000, 5_000);
  expect(day.length).toBeGreaterThan(1_300);
  expect(day.length).toBeLessThan(1_441);
  expect(end - (day[0] ?? 0)).toBeGreaterThan(86_000_000);
});
