/** What is said of publishers: whether they are held, and by what. */
import { Overflow } from '../../../engine/engine.js';
import type { Scene } from './scene.js';
import { count, type Statement, statement } from './statement.js';

/** So many connections are told by name. */
const NAMED = 10;

export function aboutPublishers(scene: Scene): Statement[] {
  return [...alarms(scene), ...flow(scene), ...refusals(scene)];
}

function alarms({ isLowOnDisk, isShortOfMemory, blocked, disk }: Scene): Statement[] {
  const held = `${count(blocked.length, 'connection')} of this vhost ${blocked.length === 1 ? 'is' : 'are'} held`;
  const figures = { blocked_connections: blocked.length, connections: blocked.slice(0, NAMED) };
  const said: Statement[] = [];
  if (isLowOnDisk)
    said.push(
      statement(
        'publishers-held-by-disk',
        `Nobody may publish: the disk has too little room. ${held}.`,
        { ...figures, disk_free: disk?.free ?? null, disk_free_limit: disk?.least ?? null },
        'Make room on the disk of the data directory: publishers go on by themselves.',
      ),
    );
  if (isShortOfMemory)
    said.push(
      statement(
        'publishers-held-by-memory',
        `Publishers wait for memory. ${held}.`,
        figures,
        'Have queues emptied, or give the broker more memory (--memory).',
      ),
    );
  return said;
}

function flow({ inFlow }: Scene): Statement[] {
  if (inFlow.length === 0) return [];
  const text =
    `${count(inFlow.length, 'connection')} of this vhost ${inFlow.length === 1 ? 'is' : 'are'} held back for a ` +
    'moment: more comes than the broker takes in.';
  return [statement('publishers-in-flow', text, { connections: inFlow.slice(0, NAMED), in_flow: inFlow.length })];
}

function refusals({ features, ready, readyOctets }: Scene): Statement[] {
  if (features.overflow === Overflow.DROP_HEAD) return [];
  const isFull =
    (features.maxLength !== null && ready >= features.maxLength) ||
    (features.maxBytes !== null && readyOctets >= features.maxBytes);
  if (!isFull) return [];
  return [
    statement(
      'publishes-refused',
      'What is published to the queue is refused (basic.nack to whoever asked for confirms): it is full, and its ' +
        'overflow is reject-publish.',
      { messages_ready: ready, max_length: features.maxLength, max_length_bytes: features.maxBytes },
      'Publishers without confirms do not hear of it: what they publish is lost.',
    ),
  ];
}
