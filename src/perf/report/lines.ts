/** What people read of a run: a line for each interval, and the result. */
import type { Latencies } from '../measure/histogram.js';
import type { Sample } from '../measure/recorder.js';
import type { Plan } from '../plan.js';
import { type Report, rateOf } from './report.js';

type Shown = Pick<Plan, 'producers' | 'consumers' | 'confirms'>;

export function sampleLine(sample: Sample, { producers, consumers, confirms }: Shown): string {
  const parts = [`time ${sample.at.toFixed(1)} s`];
  if (producers > 0) parts.push(`published ${perSecond(rateOf(sample, 'published'))}`);
  if (confirms !== null && producers > 0) parts.push(`confirmed ${perSecond(rateOf(sample, 'confirmed'))}`);
  if (sample.counted.nacked > 0) parts.push(`nacked ${sample.counted.nacked}`);
  if (sample.counted.returned > 0) parts.push(`returned ${sample.counted.returned}`);
  if (consumers > 0) parts.push(`consumed ${perSecond(rateOf(sample, 'consumed'))}`);
  if (sample.latency !== null) parts.push(shortLatency('latency', sample.latency));
  if (sample.confirmLatency !== null) parts.push(shortLatency('to confirm', sample.confirmLatency));
  if (sample.blocked > 0) parts.push(`${sample.blocked} blocked by the broker`);
  return parts.join(', ');
}

function shortLatency(what: string, { min, median, p75, p95, p99 }: Latencies): string {
  return `${what} min/median/75th/95th/99th ${[min, median, p75, p95, p99].join('/')} µs`;
}

export function resultText(report: Report): string {
  const { name, seconds, published, consumed, confirmed, nacked, returned, redelivered } = report;
  const lines = [`${name}: ${seconds.toFixed(1)} s`];
  if (report.producers > 0) lines.push(amountLine('published', published));
  if (confirmed.count + nacked > 0) lines.push(amountLine('confirmed', confirmed));
  if (report.consumers > 0) lines.push(amountLine('consumed', consumed));
  for (const [what, count] of Object.entries({ nacked, returned, redelivered }))
    if (count > 0) lines.push(row(what, grouped(count)));
  if (report.latency !== null) lines.push(latencyLine('latency', report.latency));
  if (report.confirmLatency !== null) lines.push(latencyLine('to confirm', report.confirmLatency));
  return `${lines.join('\n')}\n`;
}

function amountLine(what: string, { count, rate, medianRate }: Report['published']): string {
  return row(what, `${grouped(count)}, ${perSecond(rate)} (median of intervals ${perSecond(medianRate)})`);
}

function latencyLine(what: string, { min, median, p75, p95, p99, p999, max }: Latencies): string {
  const named = { min, median, '75th': p75, '95th': p95, '99th': p99, '99.9th': p999, max };
  const texts = Object.entries(named).map(([name, microseconds]) => `${name} ${duration(microseconds)}`);
  return row(what, texts.join(', '));
}

function row(what: string, told: string): string {
  return `  ${what.padEnd(12)}${told}`;
}

function perSecond(rate: number): string {
  return `${grouped(rate)} msg/s`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** Microseconds in the unit that reads best. */
export function duration(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds} µs`;
  if (microseconds < 1_000_000) return `${grouped(microseconds / 1000)} ms`;
  return `${grouped(microseconds / 1_000_000)} s`;
}
