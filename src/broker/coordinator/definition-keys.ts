/** What requests and changes are about, by name: who names what is not durable yet has to wait until it is. */
import { cleanName } from '../requests/names.js';
import type { Change, Request } from '../requests/requests.js';

function subject(kind: 'queue' | 'exchange', vhost: string, name: string): string {
  return JSON.stringify([kind, vhost, name]);
}

export function subjectsOfChange(change: Change): string[] {
  switch (change.kind) {
    case 'exchange.declared':
    case 'exchange.waits':
    case 'exchange.deleted':
      return [subject('exchange', change.vhost, change.exchange)];
    case 'queue.declared':
    case 'queue.deleted':
      return [subject('queue', change.vhost, change.queue)];
    case 'bound':
    case 'unbound':
      return [
        subject('exchange', change.vhost, change.source),
        subject(change.destinationKind, change.vhost, change.destination),
      ];
    default:
      return [];
  }
}

export function subjectsOfRequest(request: Request): string[] {
  switch (request.op) {
    case 'exchange.declare':
    case 'exchange.delete':
      return [subject('exchange', request.vhost, cleanName(request.exchange))];
    case 'exchange.bind':
    case 'exchange.unbind':
      return [
        subject('exchange', request.vhost, cleanName(request.source)),
        subject('exchange', request.vhost, cleanName(request.destination)),
      ];
    case 'queue.bind':
    case 'queue.unbind':
      return [
        subject('exchange', request.vhost, cleanName(request.exchange)),
        subject('queue', request.vhost, cleanName(request.queue)),
      ];
    case 'queue.declare':
    case 'queue.delete':
    case 'queue.purge':
    case 'consume':
      return [subject('queue', request.vhost, cleanName(request.queue))];
    default:
      return [];
  }
}
