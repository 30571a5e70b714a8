/** What a scrape tells, as Prometheus reads it. */
import type { Broker } from '../../../src/index.js';

export interface Scraped {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

/** `credentials`: USER:PASSWORD; null: nobody's. */
export async function scrape(
  port: number | null | undefined,
  path: string,
  credentials: string | null = null,
): Promise<Scraped> {
  const headers: Record<string, string> =
    credentials === null ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

/** With the credentials of the user that a new broker has. */
export async function scraped({ management }: Broker, path: string): Promise<Metrics> {
  const { status, text } = await scrape(management?.port, path, 'guest:guest');
  if (status !== 200) throw new Error(`${path} was answered by ${status}`);
  return read(text);
}

export interface ReadMetric {
  readonly type: string;
  readonly help: string;
  /** By their labels, as they stand in the text. */
  readonly samples: ReadonlyMap<string, number>;
}

export type Metrics = ReadonlyMap<string, ReadMetric>;

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;

/** Throws where a name comes twice, or a line is none of the format. */
export function read(text: string): Metrics {
  const metrics = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') {
      if (metrics.has(name)) throw new Error(`${name} comes twice`);
      metrics.set(name, { type: rest, help: '', samples: new Map() });
      continue;
    }
    if (kind === 'HELP') {
      const metric = metrics.get(name);
      if (metric !== undefined) metric.help = rest;
      continue;
    }
    const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    const metric = metrics.get(sample) ?? metrics.get(sample.replace(/_(bucket|sum|count)$/, ''));
    if (metric === undefined) throw new Error(`no sample of a metric: ${line}`);
    const key = metrics.has(sample) ? labels : `${sample}{${labels}}`;
    if (metric.samples.has(key)) throw new Error(`${line} comes twice`);
    metric.samples.set(key, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return metrics;
}

/** The only number of a metric. */
export function only(metrics: Metrics, name: string): number | undefined {
  const values = [...(metrics.get(name)?.samples.values() ?? [])];
  return values.length === 1 ? values[0] : undefined;
}
