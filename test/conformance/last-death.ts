/**
 * The differences that dead letters have: which deaths their headers name, and in which order.
 */
import type { Difference } from './scenario.js';

/** RabbitMQ 3.10 says of the first death only; 4.x, and Leveret, of the last one too. */
export const LAST_DEATH: Difference = {
  why: 'x-last-death-* are those of RabbitMQ 4.x',
  transcript: (rabbit) => rabbit.map(withLastDeath),
};

const NEWEST_DEATH =
  /x-death: \[\{.*?exchange: ('[^']*'),.*?queue: ('[^']*'), reason: ('[^']*'),.*?\}\](?:, x-first-death[^,}]*)*/;

/** RabbitMQ 3.10 turns the deaths before the last one round each time. */
export const NEWEST_FIRST: Difference = {
  why: 'deaths stand newest first, as in RabbitMQ 4.x',
  transcript: (rabbit) => rabbit.map(withLastDeath).map(newestFirst),
};

function newestFirst(line: string): string {
  return line.replace(/x-death: \[(.*?)\](?=, x-(?:first|last)-)/, (_, deaths: string) => {
    const [newest, ...others] = deaths.match(/\{.*?\}(?=, \{|$)/g) ?? [];
    return `x-death: [${[newest, ...others.reverse()].join(', ')}]`;
  });
}

/** A line of RabbitMQ 3.10 as 4.x has it. */
export function withLastDeath(line: string): string {
  return line.replace(NEWEST_DEATH, (found, exchange, queue, reason) => {
    return `${found}, x-last-death-exchange: ${exchange}, x-last-death-queue: ${queue}, x-last-death-reason: ${reason}`;
  });
}
