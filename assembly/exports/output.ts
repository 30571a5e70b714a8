/** What connections have to send. */
import { enter, leave } from '../memory/epoch';
import { ensureBox } from '../memory/units';
import { flushSettlements } from '../queue/chain/settle';
import { Connection } from '../amqp/connection/connection';
import { METHOD_ROOM } from '../amqp/delivering/deliver';
import { boxWritten, nextListed, roomIn, sendBox } from '../amqp/delivering/output';
import { resume } from '../amqp/serve';

/** The id of the next connection with output, or −1. */
export function nextOutput(): i32 {
  const connection = nextListed();
  if (!changetype<usize>(connection)) return -1;
  sendBox(connection);
  return <i32>connection.id;
}

export function takeOutput(connection: usize): bool {
  return sendBox(changetype<Connection>(connection));
}

export function written(connection: usize, box: usize): void {
  const one = changetype<Connection>(connection);
  boxWritten(one, box);
  if (one.inFlight) return;
  enter();
  resume(one);
  flushSettlements();
  leave();
}

/** No content in parts, and room for a method frame before content. */
export function outputIdle(connection: usize): bool {
  const one = changetype<Connection>(connection);
  return !one.partsMessage && (one.box ? roomIn(one) >= METHOD_ROOM : ensureBox());
}
