/**
 * The one difference that all dead letters have: which deaths their headers name.
 */
import type { Difference } from './scenario.js';

/** RabbitMQ 3.10 says of the first death only; 4.x, and Leveret, of the last one too. */
export const LAST_DEATH: Difference = {
  why: 'x-last-death-* are those of RabbitMQ 4.x',
  transcript: (rabbit) => rabbit.map(withLastDeath),
};

const NEWEST_DEATH =
  /x-death: \[\{.*?exchange: ('[^']*'),.*?queue: ('[^']*'), reason: ('[^']*'),.*?\}\](?:, x-first-death[^,}]*)*/;

/** A line of RabbitMQ 3.10 as 4.x has it. */
export function withLastDeath(line: string): string {
  return line.replace(NEWEST_DEATH, (found, exchange, queue, reason) => {
    return `${found}, x-last-death-exchange: ${exchange}, x-last-death-queue: ${queue}, x-last-death-reason: ${reason}`;
  });
}
