/** CC and BCC: further keys of a message. */
import { beforeEach, expect, test } from 'vitest';
import { type Plain, table } from '../../../src/amqp/table.js';
import { copiesRefusal } from '../../../src/broker/routing/carbon-copies.js';
import { Stage } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  for (const name of ['a', 'b', 'c']) {
    stage.queue(name);
    stage.bind(name, 'amq.topic', `${name}.#`);
  }
});

test('a message goes where any of its keys leads, to each queue once', () => {
  const headers = table({ CC: ['b', 'a'], BCC: ['c'] });
  expect(stage.routed('', 'a', headers)).toEqual(['a', 'b', 'c']);
  expect(stage.routed('amq.topic', 'a.x', headers)).toEqual(['a', 'b', 'c']);
});

test('what is no text among them is passed over, and so are keys that lead nowhere', () => {
  expect(stage.routed('', 'a', table({ CC: [1, 'b', 'nope'] }))).toEqual(['a', 'b']);
});

test.each<[string, Plain, string]>([
  ['CC', 'b', '"CC",longstr'],
  ['BCC', 1, '"BCC",signedint'],
])('%s: %s is no list of keys', (name, value, what) => {
  expect(copiesRefusal({ headers: table({ [name]: value }) })).toMatchObject({
    code: 406,
    text: `invalid message: {unacceptable_type_in_header,${what}}`,
  });
  expect(copiesRefusal({ headers: table({ CC: [], BCC: ['x'] }) })).toBeNull();
});
