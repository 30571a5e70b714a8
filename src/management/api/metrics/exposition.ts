/**
 * Prometheus' text format: what a metric's name, help and samples look like. What must hold: all samples of a metric
 * stand together, behind its name and type; names of ours may hold any character, and are escaped.
 */

/** `untyped` is what RabbitMQ calls some of its own. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'untyped';

/** What is said of a metric; its name is without the prefix of its endpoint. */
export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

export type Labels = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface Sample {
  /** Behind the metric's name: parts of a histogram have one. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const NO_LABELS: Labels = {};

export function headText(name: string, { type, help }: Metric): string {
  return `# TYPE ${name} ${type}\n# HELP ${name} ${help}\n`;
}

export function sampleText(name: string, labels: Labels, value: number): string {
  return `${name}${labelsText(labels)} ${valueText(value)}\n`;
}

function labelsText(labels: Labels): string {
  let text = '';
  for (const label in labels) text += `${text === '' ? '' : ','}${label}="${escaped(labels[label] ?? '')}"`;
  return text === '' ? '' : `{${text}}`;
}

/** Few names need it. */
function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return String(value);
}
