/** What requests and changes are about, by name: who names what is not durable yet has to wait until it is. */
import { cleanName } from '../requests/names.js';
import type { Change, Request } from '../requests/requests.js';

function definitionKey(kind: 'queue' | 'exchange', vhost: string, name: string): string {
  return JSON.stringify([kind, vhost, name]);
}

export function definitionKeysOfChange(change: Change): string[] {
  switch (change.kind) {
    case 'exchange.declared':
    case 'delayed.opened':
    case 'exchange.deleted':
      return [definitionKey('exchange', change.vhost, change.exchange)];
    case 'queue.declared':
    case 'queue.paused':
    case 'queue.deleted':
      return [definitionKey('queue', change.vhost, change.queue)];
    case 'bound':
    case 'unbound':
      return [
        definitionKey('exchange', change.vhost, change.source),
        definitionKey(change.destinationKind, change.vhost, change.destination),
      ];
    default:
      return [];
  }
}

export function definitionKeysOfRequest(request: Request): string[] {
  switch (request.op) {
    case 'exchange.declare':
    case 'exchange.delete':
      return [definitionKey('exchange', request.vhost, cleanName(request.exchange))];
    case 'exchange.bind':
    case 'exchange.unbind':
      return [
        definitionKey('exchange', request.vhost, cleanName(request.source)),
        definitionKey('exchange', request.vhost, cleanName(request.destination)),
      ];
    case 'queue.bind':
    case 'queue.unbind':
      return [
        definitionKey('exchange', request.vhost, cleanName(request.exchange)),
        definitionKey('queue', request.vhost, cleanName(request.queue)),
      ];
    case 'queue.declare':
    case 'queue.delete':
    case 'queue.purge':
    case 'consume':
      return [definitionKey('queue', request.vhost, cleanName(request.queue))];
    default:
      return [];
  }
}
