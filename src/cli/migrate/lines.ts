/** What a migration says: lines for people, or an object a line for programs. */

import { queueText } from '../../migrate/plan.js';
import { leftIn, type Progress, type QueueProgress, type Total } from '../../migrate/progress.js';

const UNITS = ['octets', 'KiB', 'MiB', 'GiB', 'TiB'];
const STEP = 1024;
const MINUTE = 60;
const HOUR = 3600;

/** Rates between two looks at what was moved. */
export class Rate {
  #moved = 0;
  #octets = 0;
  #at = performance.now();

  /** Messages and octets a second since the last call. */
  since({ moved, octets }: Total): { readonly messages: number; readonly octets: number } {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    const rate = { messages: (moved - this.#moved) / seconds, octets: (octets - this.#octets) / seconds };
    this.#moved = moved;
    this.#octets = octets;
    this.#at = now;
    return rate;
  }
}

export function progressLine(progress: Progress, rate: ReturnType<Rate['since']>): string {
  const { total, queues } = progress;
  const moving = [...queues.values()].filter(({ state }) => state === 'moving');
  const parts = [
    `${counted(total.moved, 'message')} moved (${octetsText(total.octets)})`,
    `${counted(total.left, 'message')} left`,
    `${Math.round(rate.messages)} a second (${octetsText(rate.octets)})`,
    ...(total.left > 0 && rate.messages > 0 ? [`about ${timeText(total.left / rate.messages)} to go`] : []),
    ...(moving.length > 0 ? [`now ${moving.map(movingText).join(', ')}`] : []),
  ];
  return parts.join('; ');
}

function movingText(queue: QueueProgress): string {
  return `'${printable(queue.name)}' ${queue.moved}/${queue.moved + leftIn(queue)}`;
}

export function queueLine(queue: QueueProgress): string {
  const { state, moved, octets, doubtful, repeated, reason } = queue;
  const what = printable(queueText(queue));
  if (state === 'left') return `${what}: left at the source: ${printable(reason ?? 'nobody knows why')}`;
  const extra = [
    ...(doubtful > 0 ? [`${doubtful} of them may be there twice, and have the header x-possible-duplicate`] : []),
    ...(repeated > 0 ? [`${repeated} came again and were there already`] : []),
  ];
  return [`${what}: empty, ${counted(moved, 'message')} moved (${octetsText(octets)})`, ...extra].join('; ');
}

export function resultLine({ total, queues }: Progress, seconds: number, isStopped: boolean): string {
  const left = [...queues.values()].filter(({ state }) => state === 'left').length;
  const parts = [
    `${isStopped ? 'stopped' : 'done'}: ${counted(total.moved, 'message')} (${octetsText(total.octets)})`,
    `${counted(total.done, 'queue')} empty`,
    `${timeText(seconds)}`,
    ...(left > 0 ? [`${counted(left, 'queue')} left at the source`] : []),
    ...(total.doubtful > 0 ? [`${total.doubtful} messages may be there twice, and say so (x-possible-duplicate)`] : []),
    ...(isStopped ? ['the same command goes on here'] : []),
  ];
  return parts.join('; ');
}

export function queueObject(event: string, queue: QueueProgress): string {
  const { vhost, name, state, moved, octets, doubtful, repeated, reason } = queue;
  const left = leftIn(queue);
  return JSON.stringify({ event, vhost, name, state, moved, octets, left, doubtful, repeated, reason });
}

export function progressObject({ total, queues }: Progress, rate: ReturnType<Rate['since']>): string {
  const moving = [...queues.values()]
    .filter(({ state }) => state === 'moving')
    .map((queue) => ({ vhost: queue.vhost, name: queue.name, moved: queue.moved, left: leftIn(queue) }));
  const secondsLeft = rate.messages > 0 ? Math.round(total.left / rate.messages) : null;
  const { messages, octets } = rate;
  return JSON.stringify({
    event: 'progress',
    ...total,
    messagesPerSecond: Math.round(messages),
    octetsPerSecond: Math.round(octets),
    secondsLeft,
    queues: moving,
  });
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function octetsText(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

function timeText(seconds: number): string {
  if (seconds < MINUTE) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ${Math.round(seconds % MINUTE)} s`;
  return `${Math.floor(seconds / HOUR)} h ${Math.round((seconds % HOUR) / MINUTE)} min`;
}

/** Names of others do not move the terminal's cursor. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
