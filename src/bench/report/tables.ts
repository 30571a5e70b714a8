/** The tables of a report, as rows of text: the same for the terminal and for Markdown. */
import type { EngineRow, Figure, Report } from '../figures.js';
import { machineText } from '../machine.js';
import { type Column, thousands } from './table.js';

export interface Table {
  readonly heading: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export function tablesOf({ engine }: Report): Table[] {
  return [engineTable(engine)];
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
    columns: [
      { title: 'what', align: 'left' },
      { title: 'body' },
      { title: 'wasm' },
      { title: 'js' },
      { title: 'js / wasm' },
    ],
    rows: rows.map(({ what, body, wasm, js, ratio }) => [
      what,
      bodyText(body),
      figureText(wasm, thousands),
      figureText(js, thousands),
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
