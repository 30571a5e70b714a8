/** Messages of one run and what became of them. */
import { Fault } from '../search/fault.js';

export class Account {
  /** Those that were enqueued, and those of them that somebody has for good. */
  readonly published: string[] = [];
  readonly settled: string[] = [];
  /** So many were dropped on purpose. */
  dropped = 0;
  /** Nobody knows how many: the queue is deleted. */
  lossy = false;
  /** Delivered and not settled by the program: they come back at the end. */
  readonly held = new Set<string>();
}

/** What is known of the messages besides. */
interface Told {
  /** Those that were there before the run. */
  readonly before: readonly string[];
  /** Those that are in two queues. */
  readonly twice: ReadonlySet<string>;
  readonly unordered: boolean;
}

/** Every message was delivered for good once, or dropped on purpose. */
export function everyMessageOnce(told: Told, account: Account): void {
  const all = [...told.before, ...account.published];
  const counts = new Map<string, number>(all.map((body) => [body, 0]));
  for (const body of account.settled) {
    const count = counts.get(body);
    if (count === undefined) throw new Fault(`nobody published ${JSON.stringify(body)}, and it was delivered`);
    counts.set(body, count + 1);
  }
  for (const body of told.twice) counts.set(body, (counts.get(body) ?? 0) - 1);
  let missing = 0;
  for (const [body, count] of counts) {
    if (count > 1) throw new Fault(`${body} was delivered ${count} times`);
    if (count === 0) missing += 1;
  }
  if (missing !== account.dropped && !account.lossy) {
    const lost = [...counts].filter(([, count]) => count === 0).map(([body]) => body);
    throw new Fault(`${missing} messages are missing (${lost.join(' ')}), and ${account.dropped} were dropped`);
  }
  inOrder(told, account.settled);
}

/** What one publisher has sent comes in order: bodies are its name and a number. */
function inOrder(told: Told, settled: readonly string[]): void {
  const last = new Map<string, number>();
  for (const body of settled) {
    const [, name = '', number = '0'] = /^(\D+)(\d+)$/.exec(body) ?? [];
    if (told.unordered) continue;
    if ((last.get(name) ?? -1) > Number(number)) throw new Fault(`${body} came too late: ${settled.join(' ')}`);
    last.set(name, Number(number));
  }
}
