/**
 * What an operator asks of a queue in the middle of the night, in plain words with the figures behind them. What must
 * hold: each statement is true of the scene, and what does not matter there is not said.
 *
 * This folder is how queues are explained; the routes of the HTTP API import it.
 */
import { aboutBacklog } from './backlog.js';
import { aboutConsumers } from './consumers.js';
import { aboutLosses } from './losses.js';
import { aboutPublishers } from './publishers.js';
import { argumentsOf, type Scene } from './scene.js';
import { count, type Statement, statement } from './statement.js';

/** What matters most comes first. */
export function explain(scene: Scene): Statement[] {
  const said = [
    ...paused(scene),
    ...aboutPublishers(scene),
    ...aboutBacklog(scene),
    ...aboutConsumers(scene),
    ...aboutLosses(scene),
  ];
  return [...said, ...others(scene, new Set(said.map(({ code }) => code)))];
}

function paused(scene: Scene): Statement[] {
  if (!scene.isPaused) return [];
  const text = 'The queue is paused: it takes messages, and gives none out.';
  return [statement('paused', text, {}, `leveret ctl resume_queue ${argumentsOf(scene)}`)];
}

/** So many queues are told by name. */
const NAMED = 10;

/** Which other queues show the same: then it is not this queue alone. */
function others({ others: { paused: halted, unconsumed, growing } }: Scene, said: ReadonlySet<string>): Statement[] {
  const all = [
    ...(said.has('paused') ? [same('others-paused', 'is paused', 'are paused', halted)] : []),
    ...(said.has('no-consumers')
      ? [
          same(
            'others-without-consumers',
            'has messages and no consumers',
            'have messages and no consumers',
            unconsumed,
          ),
        ]
      : []),
    ...(said.has('growing') ? [same('others-growing', 'grows', 'grow', growing)] : []),
  ];
  return all.flat();
}

function same(code: string, does: string, doAll: string, names: readonly string[]): Statement[] {
  if (names.length === 0) return [];
  const named = names.slice(0, NAMED);
  const more = names.length > named.length ? ' and more' : '';
  const verb = names.length === 1 ? does : doAll;
  const text = `${count(names.length, 'other queue')} of this vhost ${verb}, too: ${named.join(', ')}${more}.`;
  return [statement(code, text, { queues: named, count: names.length })];
}
