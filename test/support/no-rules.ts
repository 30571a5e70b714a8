/** The rules of a queue that only holds messages, for tests that change some of them. */
import { Overflow, type QueueRules } from '../../src/engine/engine.js';

export const NO_RULES: QueueRules = {
  ttl: null,
  maxLength: null,
  maxBytes: null,
  overflow: Overflow.DROP_HEAD,
  deadLetters: false,
  maxPriority: 0,
  deliveryLimit: null,
  deliveryCount: false,
};
