/**
 * What exchanges remember of messages: whoever routes a message writes it there. replay.ts sends it again.
 */

import type { Engine, Message } from '../../engine/engine.js';
import type { History } from './history.js';

/** A message, and what it has got in place of its own key and content header. */
interface Routed {
  readonly message: Message;
  readonly key: Uint8Array;
  readonly header: Uint8Array | null;
}

/** A message was routed: to be called once, as long as the core has it. */
export function remember(engine: Engine, histories: readonly History[], { message, key, header }: Routed): void {
  if (histories.length === 0) return;
  const body = engine.messageBody(message);
  const remembered = { key, header: header ?? new Uint8Array(engine.messageHeader(message)), body };
  for (const history of histories) history.add(remembered);
}
