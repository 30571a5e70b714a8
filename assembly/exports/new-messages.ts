/**
 * Exports for messages that the host is to publish: its own, which it fills in, and room for any of them. What `begin…`
 * or `preparePublish` has promised lasts until the publish.
 */
import { finishCopy, newBlank, newCopy } from '../amqp/receiving/copy';
import { pagesFor } from '../log/journal';
import { flushReleases, Message, release } from '../memory/message';
import { promisePages, endPromise } from '../memory/units';
import { ANSWER_PAGES, guardedPages, PAGES_AHEAD } from '../queue/publish';

/**
 * Makes sure that a message can be published to `count` queues: promises pages for what they and the log keep of it,
 * and one for its answer. `endPublish` ends that. False: no memory.
 */
export function preparePublish(message: usize, count: u32): bool {
  return promisePages(min(count * guardedPages(), PAGES_AHEAD) + ANSWER_PAGES + pagesFor(changetype<Message>(message)));
}

/**
 * A copy of a message for `count` queues, 0 when there is no memory: the host fills in key and header payload, then
 * calls `endCopy`, publishes it and lets go of it.
 */
export function beginCopy(message: usize, keyLength: u32, payloadLength: u32, count: u32): usize {
  if (!preparePublish(message, count)) return 0;
  const copy = newCopy(changetype<Message>(message), keyLength, payloadLength);
  if (!copy) endPromise();
  flushReleases();
  return copy;
}
/**
 * A message of nobody's for `count` queues, 0 when there is no memory: the host fills in key, header payload and body,
 * and goes on as with a copy.
 */
export function beginBlank(keyLength: u32, payloadLength: u32, bodySize: u32, persistent: bool, count: u32): usize {
  const blank = newBlank(keyLength, payloadLength, bodySize, persistent);
  if (blank && !preparePublish(blank, count)) {
    release(changetype<Message>(blank));
    flushReleases();
    return 0;
  }
  flushReleases();
  return blank;
}
export function endCopy(message: usize): void {
  finishCopy(changetype<Message>(message));
}
