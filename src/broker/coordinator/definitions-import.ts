/**
 * What an import of definitions does, step by step: accounts first, then what queues and bindings stand on, limits last,
 * so that they do not stand against what comes with them. What is there stays: users, permissions, policies and limits
 * are set anew, queues and exchanges are left as they are. What must hold: the file was found to fit (fits.ts), so that
 * only a lack of memory can fail.
 */
import { progressTeller } from '../../store/progress.js';
import type { DefinitionsFile } from '../definitions-file/entries.js';
import type { Notes } from '../definitions-file/notes.js';
import { describe } from '../requests/names.js';
import type { Answer, Request } from '../requests/requests.js';
import type { TopologyView } from '../topology/topology-view.js';
import type { Administration } from './administration.js';
import type { Steps } from './portions.js';

export interface Target {
  readonly administration: Administration;
  readonly view: TopologyView;
  /** Asks as the broker itself. */
  declare(request: Request): Answer | Promise<Answer>;
  report(line: string): void;
}

/** `notes` are told what was left as it is; `failures` what could not be done. */
export function* importSteps(file: DefinitionsFile, target: Target, notes: Notes, failures: string[]): Steps {
  const progress = progressTeller((line) => target.report(line));
  const { administration } = target;
  const fail = (place: string, error: string | null): void => {
    if (error !== null) failures.push(`${place}: ${error}`);
  };
  for (const { place, vhost, metadata } of file.vhosts) {
    administration.createVhost(vhost);
    if (metadata !== null) fail(place, administration.describeVhost(vhost, metadata));
    yield;
  }
  for (const { name, password, tags } of file.users) {
    administration.users.put(name, password, tags);
    yield;
  }
  for (const { place, permissions } of file.permissions) {
    fail(place, administration.users.setPermissions(permissions));
    yield;
  }
  for (const { place, permissions } of file.topicPermissions) {
    fail(place, administration.users.setTopicPermissions(permissions));
    yield;
  }
  for (const { place, request } of file.exchanges) {
    const isThere = target.view.exchange(request.vhost, request.exchange) !== undefined;
    const what = describe('exchange', request.vhost, request.exchange);
    tellRefusal('exchanges', what, target.declare(request), isThere, notes, (error) => fail(place, error));
    yield;
  }
  for (const { place, kind, proposal } of file.policies) {
    fail(place, administration.setPolicy(kind, proposal));
    yield;
  }
  for (const [index, { place, request }] of file.queues.entries()) {
    progress(() => `importing queues: ${index} of ${file.queues.length}`);
    const isThere = target.view.queue(request.vhost, request.queue) !== undefined;
    const what = describe('queue', request.vhost, request.queue);
    tellRefusal('queues', what, target.declare(request), isThere, notes, (error) => fail(place, error));
    yield;
  }
  for (const [index, { place, request }] of file.bindings.entries()) {
    progress(() => `importing bindings: ${index} of ${file.bindings.length}`);
    const answer = target.declare(request);
    if (!(answer instanceof Promise) && !answer.ok)
      notes.add('bindings', `${place} is left out: ${answer.refusal.text}`);
    yield;
  }
  for (const { place, parameter } of file.globalParameters) fail(place, administration.setGlobalParameter(parameter));
  for (const { place, vhost, limits } of file.vhostLimits)
    fail(place, administration.setLimits('vhost', vhost, limits));
  for (const { place, name, limits } of file.users) {
    if (Object.keys(limits).length === 0) continue;
    fail(place, administration.setLimits('user', name, { ...administration.limits('user', name), ...limits }));
    yield;
  }
}

/** What is there, and is something else, stays as it is. */
function tellRefusal(
  kind: string,
  what: string,
  answer: Answer | Promise<Answer>,
  isThere: boolean,
  notes: Notes,
  fail: (error: string) => void,
): void {
  // Only a purge is waited for.
  if (answer instanceof Promise || answer.ok) return;
  if (isThere) notes.add(kind, `${what} is there already, and stays as it is: ${answer.refusal.text}`);
  else fail(answer.refusal.text);
}
