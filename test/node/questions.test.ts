/** Questions to the administration: in their order, though some take long and others may never be answered. */
import { expect, test } from 'vitest';
import type { Administration } from '../../src/broker/coordinator/administration.js';
import type { AdministrationRequest } from '../../src/node/administration.js';
import type { Outcome } from '../../src/node/broker-messages.js';
import { Questions } from '../../src/node/questions.js';
import { deferred } from '../support/waiting.js';

/** An administration whose hashes are done when the test says so. */
function scene() {
  const begun: string[] = [];
  const hashes: ReturnType<typeof deferred<string | null>>[] = [];
  const users = {
    add: (name: string) => {
      begun.push(`add ${name}`);
      const hash = deferred<string | null>();
      hashes.push(hash);
      return hash.promise;
    },
    list: () => {
      begun.push('list');
      return [];
    },
  };
  const saved = deferred<void>();
  const onBehalfOf = (_user: string | null, work: () => unknown): unknown => work();
  const administration = { users, saved: () => saved.promise, onBehalfOf } as unknown as Administration;
  const questions = new Questions(administration);
  const answers: [string, Outcome][] = [];
  const ask = (label: string, request: AdministrationRequest): Promise<void> =>
    new Promise((resolve) => {
      questions.ask(request, (outcome) => {
        answers.push([label, outcome]);
        resolve();
      });
    });
  return { ask, begun, hashes, saved, answers };
}

const add = (name: string): AdministrationRequest => ({ op: 'addUser', args: [name, 'secret'] });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const LIST: AdministrationRequest = { op: 'listUsers', args: [] };
const NULL: Outcome = { ok: true, value: null };

test('what is asked after a user was added finds the user, however long the hash takes', async () => {
  const { ask, begun, hashes, answers } = scene();
  const ann = ask('ann', add('ann'));
  const bob = ask('bob', add('bob'));
  const all = ask('list', LIST);
  expect(begun).toEqual(['add ann']);
  hashes[0]?.resolve(null);
  await ann;
  await turn();
  expect(begun).toEqual(['add ann', 'add bob']);
  hashes[1]?.resolve('taken');
  await Promise.all([bob, all]);
  expect(answers).toEqual([
    ['ann', NULL],
    ['bob', { ok: true, value: 'taken' }],
    ['list', { ok: true, value: [] }],
  ]);
  // Nobody waits any more.
  let isAnswered = false;
  ask('again', LIST).then(
    () => {
      isAnswered = true;
    },
    () => {},
  );
  await turn();
  expect(isAnswered).toBe(true);
});

test('a hash that fails is told to who asked, and holds nobody up', async () => {
  const { ask, hashes, answers } = scene();
  const ann = ask('ann', add('ann'));
  const all = ask('list', LIST);
  hashes[0]?.reject(new Error('no memory for a hash'));
  await Promise.all([ann, all]);
  expect(answers.map(([label, { ok }]) => [label, ok])).toEqual([
    ['ann', false],
    ['list', true],
  ]);
});

test('nobody waits for the disk but who asks whether it has all', async () => {
  const { ask, hashes, answers, saved } = scene();
  const ann = ask('ann', add('ann'));
  const isSaved = ask('saved', { op: 'saved', args: [] });
  const all = ask('list', LIST);
  hashes[0]?.resolve(null);
  await Promise.all([ann, all]);
  expect(answers.map(([label]) => label)).toEqual(['ann', 'list']);
  saved.resolve();
  await isSaved;
});
