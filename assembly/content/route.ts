/**
 * The route cache: where messages of (vhost, exchange, routing key) go, by the raw octets of the publish. Private to a worker; the host
 * fills it. Routes stand one after the other in an arena of one segment, behind a hash table; when the arena is full, or the topology
 * changes, all are forgotten at once by a new version. So a route's address is good only together with its version.
 *
 * Arena      0 │ BUCKETS addresses of routes
 *   BUCKETS·4 │ routes: Route, queues (u32 each), key octets; 8-aligned
 */
import { copyExactly, equalBytes } from '../memory/bytes';
import { SEGMENT, self } from '../memory/root';
import { takeSegment } from '../memory/units';
import { Queue } from '../queue/queue';
import { GUARDED_TRAITS, LOGGED_QUEUE } from '../queue/rules';
import { Channel, Connection } from './connection';

@unmanaged export class Route {
  version: u32;
  vhost: u32;
  hash: u32;
  flags: u32;
  keyLength: u32;
  queueCount: u32;
  /** Pages that enqueueing a run may need at most. */
  pages: u32;
  /** A queue of the route is in the log. */
  logged: u32;
}

const ROUTE_HEAD: u32 = 32;
const BUCKETS: u32 = 16384;
const PROBES: u32 = 8;
/** A route to more queues is not cached: its messages ask the host. */
export const ROUTE_QUEUES_MAX: u32 = 8192;

/** Flag: every message of the route asks the host. */
export const ASK_HOST: u32 = 1;
/** Flag: a queue of the route takes messages one by one, or refuses them. */
export const GUARDED: u32 = 2;

@inline export function routeQueue(route: Route, index: u32): u32 { return load<u32>(changetype<usize>(route) + ROUTE_HEAD + index * 4); }
@inline function keyOfRoute(route: Route): usize { return changetype<usize>(route) + ROUTE_HEAD + route.queueCount * 4; }

export function openRoutes(): bool {
  const arena = takeSegment(0);
  if (!arena) return false;
  self.routeArena = <u32>arena;
  forgetRoutes();
  return true;
}

/** Makes all routes stale. */
export function forgetRoutes(): void {
  memory.fill(self.routeArena, 0, BUCKETS * 4);
  self.routeNext = self.routeArena + BUCKETS * 4;
  self.routeVersion += 1;
}

function hashOf(vhost: u32, key: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5 ^ vhost;
  let i: u32 = 0;
  for (; i + 4 <= length; i += 4) hash = rotl((hash ^ load<u32>(key + i)) * 0x9e3779b1, 13);
  for (; i < length; i++) hash = (hash ^ load<u8>(key + i)) * 0x01000193;
  return hash ^ (hash >> 15);
}

@inline function matches(route: Route, vhost: u32, key: usize, length: u32): bool {
  return route.keyLength == length && route.vhost == vhost && equalBytes(keyOfRoute(route), key, length);
}

/** The route for a key, or 0. A channel's last route is tried first. */
@inline export function findRoute(connection: Connection, channel: Channel, key: usize, length: u32): Route {
  if (channel.routeVersion == self.routeVersion && channel.route) {
    const last = changetype<Route>(channel.route);
    if (matches(last, connection.vhost, key, length)) return last;
  }
  return lookUp(connection.vhost, key, length);
}

function lookUp(vhost: u32, key: usize, length: u32): Route {
  const hash = hashOf(vhost, key, length);
  for (let i: u32 = 0; i < PROBES; i++) {
    const route = changetype<Route>(load<u32>(<usize>self.routeArena + ((hash + i) & (BUCKETS - 1)) * 4));
    if (!changetype<usize>(route)) break;
    if (route.hash == hash && matches(route, vhost, key, length)) return route;
  }
  return changetype<Route>(0);
}

/** Enters a route; the addresses of its queues stand at `queues`. Forgets the others when there is no room. */
export function addRoute(vhost: u32, key: usize, length: u32, queues: usize, count: u32, flags: u32, pagesEach: u32): void {
  const size = (ROUTE_HEAD + count * 4 + length + 7) & ~7;
  if (self.routeNext + size > self.routeArena + SEGMENT) forgetRoutes();
  const hash = hashOf(vhost, key, length);
  let bucket: usize = 0;
  for (let i: u32 = 0; i < PROBES; i++) {
    bucket = <usize>self.routeArena + ((hash + i) & (BUCKETS - 1)) * 4;
    if (!load<u32>(bucket)) break;
  }
  const route = changetype<Route>(self.routeNext);
  self.routeNext += size;
  route.version = self.routeVersion;
  route.vhost = vhost;
  route.hash = hash;
  route.flags = flags;
  route.logged = 0;
  for (let i: u32 = 0; i < count; i++) {
    const traits = changetype<Queue>(load<u32>(queues + i * 4)).traits;
    if (traits & GUARDED_TRAITS) route.flags |= GUARDED;
    if (traits & LOGGED_QUEUE) route.logged = 1;
  }
  route.keyLength = length;
  route.queueCount = count;
  route.pages = count * pagesEach;
  memory.copy(changetype<usize>(route) + ROUTE_HEAD, queues, count * 4);
  copyExactly(keyOfRoute(route), key, length);
  store<u32>(bucket, <u32>changetype<usize>(route));
}
