/** What the host reads of a message that it holds, and how it holds one. */
import type { Message } from './references.js';

export interface MessageCalls {
  /** Holds a message that is the host's once more, past its `publish`: until a `releaseMessage` of its own. */
  keepMessage(message: Message): void;
  /**
   * Lets go of a message that `Stop.MESSAGE` gave out, in place of `publish`: it was kept for a commit that does not
   * come.
   */
  releaseMessage(message: Message): void;
  /** The message's payload of the content header frame (class id, weight, body size, property flags, properties). */
  messageHeader(message: Message): Uint8Array;
  /** The message's exchange and routing key as two short strings. */
  messageKey(message: Message): Uint8Array;
  /** When the message came (ms since the Unix epoch). */
  messageArrival(message: Message): number;
  /** Whether the publish was mandatory. */
  messageMandatory(message: Message): boolean;
  /** Copies the whole body out (off the hot path). */
  messageBody(message: Message): Uint8Array;
}
