/** What the node takes, over time: latency, CPU of each thread, memory, disk. */
import type { JSX } from 'preact';
import { withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { Chart } from '../../components/charts/chart.js';
import type { History, Span } from '../../components/charts/history.js';
import { Section, Trouble } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { duration, octets, percent } from '../../text/format.js';

interface Sample {
  readonly timestamp: number;
  readonly memory: number;
  readonly core_memory: number;
  readonly disk_free: number | null;
  readonly cpu_seconds: readonly number[];
  readonly p50_seconds: number | null;
  readonly p95_seconds: number | null;
  readonly p99_seconds: number | null;
}

interface NodeHistory {
  readonly threads: readonly string[];
  readonly samples: readonly Sample[];
}

export function NodeCharts({ span }: { span: Span }): JSX.Element {
  const { data, error } = usePolled<NodeHistory>(withQuery('/api/leveret/history', { age: span.age, step: span.step }));
  if (error !== null) return <Trouble error={error} />;
  const { threads = [], samples = [] } = data ?? {};
  const said = `last ${span.name}`;
  const latency = lines(samples, {
    'half are faster than': ({ p50_seconds: p50 }) => inMs(p50),
    '95 %': ({ p95_seconds: p95 }) => inMs(p95),
    '99 %': ({ p99_seconds: p99 }) => inMs(p99),
  });
  const memory = lines(samples, {
    process: ({ memory: all }) => all,
    'messages and queues': ({ core_memory: core }) => core,
  });
  const disk = lines(samples, { free: ({ disk_free: free }) => free });
  const isWatched = samples.some(({ disk_free: free }) => free !== null);
  return (
    <>
      <Section title="From publish to delivery">
        <Chart title="Latency of the last minute" span={said} format={duration} {...latency} />
      </Section>
      <Section title={<Term name="worker">CPU of each worker</Term>}>
        <Chart title="Share of one CPU" span={said} format={percent} {...cpu(threads, samples)} />
      </Section>
      <Section title={<Term name="memory">Memory</Term>}>
        <Chart title="In use" span={said} format={octets} {...memory} />
      </Section>
      {isWatched && (
        <Section title="Disk">
          <Chart title="Left" span={said} format={octets} {...disk} />
        </Section>
      )}
    </>
  );
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

function lines(samples: readonly Sample[], of: Readonly<Record<string, (sample: Sample) => number | null>>): History {
  return {
    times: samples.map(({ timestamp }) => timestamp),
    lines: Object.entries(of).map(([label, value]) => ({ label, values: samples.map(value) })),
  };
}

function cpu(threads: readonly string[], samples: readonly Sample[]): History {
  const share =
    (thread: number) =>
    (sample: Sample, at: number): number | null => {
      const before = samples[at - 1];
      if (before === undefined) return null;
      const used = (sample.cpu_seconds[thread] ?? 0) - (before.cpu_seconds[thread] ?? 0);
      return Math.max(0, (used * 1000) / (sample.timestamp - before.timestamp));
    };
  return {
    times: samples.map(({ timestamp }) => timestamp),
    lines: threads.map((label, thread) => ({ label, values: samples.map(share(thread)) })),
  };
}
