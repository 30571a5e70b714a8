/** The tables of a report, as rows of text: the same for the terminal and for Markdown. */
import type { BrokerRow, EngineRow, Figure, Report } from '../figures.js';
import { machineText } from '../machine.js';
import { type Column, thousands } from './table.js';

export interface Table {
  readonly heading: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

const WHAT: Column = { title: 'what', align: 'left' };
const ENGINE_COLUMNS: readonly Column[] = [{ title: 'wasm' }, { title: 'js' }, { title: 'js / wasm' }];
const COLUMNS = [WHAT, ...ENGINE_COLUMNS];

export function tablesOf({ engine, broker }: Report): Table[] {
  return [
    ...(engine.length === 0 ? [] : [engineTable(engine)]),
    ...(broker.length === 0 ? [] : [rateTable(broker), cpuTable(broker)]),
  ];
}

/** What holds for all tables. */
export function conditionsOf({ date, rounds, machine }: Report): string {
  const [day = ''] = date.split('T');
  return (
    `Geometric means of ${rounds} rounds, with the interval in which the mean lies by 95 of 100. ` +
    `${day}: ${machineText(machine)}.`
  );
}

function engineTable(rows: readonly EngineRow[]): Table {
  return {
    heading: 'The engines by themselves: nanoseconds a message',
    columns: [WHAT, { title: 'body' }, ...ENGINE_COLUMNS],
    rows: rows.map(({ what, body, wasm, js, ratio }) => [
      what,
      bodyText(body),
      figureText(wasm, thousands),
      figureText(js, thousands),
      figureText(ratio, ratioText),
    ]),
  };
}

function rateTable(rows: readonly BrokerRow[]): Table {
  return {
    heading: 'The whole broker: messages a second',
    columns: COLUMNS,
    rows: rows.map(({ what, rate: { wasm, js, ratio } }) => [
      what,
      figureText(wasm, thousands),
      figureText(js, thousands),
      figureText(ratio, ratioText),
    ]),
  };
}

function cpuTable(rows: readonly BrokerRow[]): Table {
  return {
    heading: 'The whole broker: its CPU for a message (µs)',
    columns: COLUMNS,
    rows: rows.map(({ what, cpu: { wasm, js, ratio } }) => [
      what,
      figureText(wasm, ratioText),
      figureText(js, ratioText),
      figureText(ratio, ratioText),
    ]),
  };
}

function figureText({ mean, low, high }: Figure, text: (value: number) => string): string {
  return `${text(mean)} (${text(low)} to ${text(high)})`;
}

export function ratioText(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

export function bodyText(octets: number): string {
  return octets < 1024 ? `${octets} B` : `${octets / 1024} KB`;
}
