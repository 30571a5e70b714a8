/** What operators know connections by. What must hold: of those that are open no two have the same name. */
import type { ConnectionId } from '../../broker/requests/requests.js';
import { type Endpoint, endpointText, hostText } from '../transport/endpoint.js';

/** RabbitMQ's `peer -> broker`; where the ends do not tell connections apart, by the number. */
export function connectionName(id: ConnectionId, peer: Endpoint | null, local: Endpoint | null): string {
  const from = peer?.kind === 'tcp' ? endText(peer) : `${endText(peer)}#${id}`;
  return `${from} -> ${endText(local)}`;
}

function endText(end: Endpoint | null): string {
  return end?.kind === 'tcp' ? endpointText({ ...end, address: hostText(end) }) : endpointText(end);
}
