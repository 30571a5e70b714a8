/**
 * The route cache: where messages of (vhost, exchange, routing key) go, by the raw octets of the publish. Private to a
 * worker; the host fills it. Routes stand one after the other in one half of an arena of one segment, behind that
 * half's hash table. When the half is full the other is emptied and takes the new ones; what is looked up in the older
 * half moves to the younger, so a route that is in use stays, however many others come. Emptying a half, or a change of
 * the topology, begins a new version: a route's address is good only together with its version.
 *
 * Half       0 │ BUCKETS addresses of routes
 *   BUCKETS·4 │ routes: Route, queues (u32 each), key octets; 8-aligned
 */
import { copyExactly, equalBytes } from '../../memory/bytes';
import { SEGMENT, self } from '../../memory/root';
import { takeSegment } from '../../memory/units';
import { countInBlock, PUBLISHED_IN, PUBLISHED_OUT } from '../../memory/counters';
import { Queue } from '../../queue/chain/queue';
import { GUARDED_FEATURES, LOGGED_QUEUE } from '../../queue/chain/features';
import { Channel, Connection } from '../connection/connection';

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
  /** This participant's block of the exchange's counters; 0: it is not counted. */
  counters: u32;
}

const ROUTE_HEAD: u32 = 40;
const HALF: u32 = SEGMENT / 2;
const BUCKETS: u32 = 16384;
const PROBES: u32 = 16;
/** A route to more queues is not cached: its messages ask the host. */
export const ROUTE_QUEUES_MAX: u32 = 8192;

/** Flag: every message of the route asks the host. */
export const ASK_HOST: u32 = 1;
/** Flag: a queue of the route takes messages one by one, or refuses them. */
export const GUARDED: u32 = 2;

/** The halves of the arena: where routes are added, and the other. This instance's own, as the arena is. */
let young: usize = 0;
let old: usize = 0;

@inline export function routeQueue(route: Route, index: u32): u32 {
  return load<u32>(changetype<usize>(route) + ROUTE_HEAD + index * 4);
}

@inline function keyOfRoute(route: Route): usize {
  return changetype<usize>(route) + ROUTE_HEAD + route.queueCount * 4;
}

/** Counts messages that take a route, for their exchange. */
@inline export function countRouted(route: Route, count: u32): void {
  const counters = <usize>route.counters;
  if (!counters) return;
  countInBlock(counters, PUBLISHED_IN, count);
  countInBlock(counters, PUBLISHED_OUT, <u64>count * route.queueCount);
}

export function openRoutes(): bool {
  const arena = takeSegment(0);
  if (!arena) return false;
  self.routeArena = <u32>arena;
  forgetRoutes();
  return true;
}

/** Makes all routes stale. */
export function forgetRoutes(): void {
  young = self.routeArena;
  old = young + HALF;
  memory.fill(old, 0, BUCKETS * 4);
  beginYoung();
}

/** The older half is emptied, and takes what comes from now on. */
function turnHalves(): void {
  const emptied = old;
  old = young;
  young = emptied;
  beginYoung();
}

function beginYoung(): void {
  memory.fill(young, 0, BUCKETS * 4);
  self.routeNext = <u32>young + BUCKETS * 4;
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
  const route = lookIn(young, hash, vhost, key, length);
  if (changetype<usize>(route)) return route;
  const older = lookIn(old, hash, vhost, key, length);
  return changetype<usize>(older) ? rejuvenated(older) : older;
}

function lookIn(half: usize, hash: u32, vhost: u32, key: usize, length: u32): Route {
  for (let i: u32 = 0; i < PROBES; i++) {
    const route = changetype<Route>(load<u32>(half + ((hash + i) & (BUCKETS - 1)) * 4));
    if (!changetype<usize>(route)) break;
    if (route.hash == hash && matches(route, vhost, key, length)) return route;
  }
  return changetype<Route>(0);
}

/** The same route in the younger half, if there is room: nothing is forgotten while a read is being taken. */
function rejuvenated(route: Route): Route {
  const size = sizeOfRoute(route.queueCount, route.keyLength);
  if (!hasRoom(size)) return route;
  const copy = changetype<Route>(self.routeNext);
  self.routeNext += size;
  memory.copy(changetype<usize>(copy), changetype<usize>(route), size);
  store<u32>(freeBucket(route.hash), <u32>changetype<usize>(copy));
  return copy;
}

@inline function sizeOfRoute(queues: u32, keyLength: u32): u32 {
  return (ROUTE_HEAD + queues * 4 + keyLength + 7) & ~7;
}

@inline function hasRoom(size: u32): bool {
  return self.routeNext + size <= <u32>young + HALF;
}

/** Where the address of a route goes: the first free bucket, or the last that is looked at. */
function freeBucket(hash: u32): usize {
  let bucket: usize = 0;
  for (let i: u32 = 0; i < PROBES; i++) {
    bucket = young + ((hash + i) & (BUCKETS - 1)) * 4;
    if (!load<u32>(bucket)) break;
  }
  return bucket;
}

/**
 * Enters a route; the addresses of its queues stand at `queues`. Forgets those not used for long when there is no room.
 */
export function addRoute(
  vhost: u32,
  key: usize,
  length: u32,
  queues: usize,
  count: u32,
  flags: u32,
  pagesEach: u32,
  counters: u32,
): void {
  const size = sizeOfRoute(count, length);
  if (!hasRoom(size)) turnHalves();
  const hash = hashOf(vhost, key, length);
  const route = changetype<Route>(self.routeNext);
  self.routeNext += size;
  route.version = self.routeVersion;
  route.vhost = vhost;
  route.hash = hash;
  route.flags = flags;
  route.logged = 0;
  route.counters = counters;
  for (let i: u32 = 0; i < count; i++) {
    const features = changetype<Queue>(load<u32>(queues + i * 4)).features;
    if (features & GUARDED_FEATURES) route.flags |= GUARDED;
    if (features & LOGGED_QUEUE) route.logged = 1;
  }
  route.keyLength = length;
  route.queueCount = count;
  route.pages = count * pagesEach;
  memory.copy(changetype<usize>(route) + ROUTE_HEAD, queues, count * 4);
  copyExactly(keyOfRoute(route), key, length);
  store<u32>(freeBucket(hash), <u32>changetype<usize>(route));
}

// Looked at while the core is compiled.
if (offsetof<Route>() > ROUTE_HEAD) ERROR('a route is longer than the room before its queues');
