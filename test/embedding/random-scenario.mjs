/**
 * Writes a random scenario for the examples of embedding: so many steps, each with what comes of it in the JavaScript
 * twin. `node test/embedding/random-scenario.mjs STEPS SEED > FILE`; the same seed gives the same scenario.
 */
import process from 'node:process';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { Host } from '../../examples/core/javascript/host.mjs';

const MEMORY = 64 << 20;
/** Name, time to live, greatest length, requeues allowed, queue for dead letters. */
const QUEUES = [
  ...['work - - 2 failed', 'short - 20 - crowded', 'brief 100 - - late', 'audit - - - -'],
  // One for each queue that has dead letters: in which order those of two queues die at once, nobody promises.
  ...['failed - - - -', 'crowded - - - -', 'late - - - -'],
];
const NAMES = QUEUES.map((queue) => queue.slice(0, queue.indexOf(' ')));
const ROUTES = [...NAMES.map((name) => `${name} ${name}`), 'pair work audit', 'all work short brief audit', 'nowhere'];
const KEYS = ROUTES.map((route) => route.split(' ')[0]);
const SIZES = [8, 16, 100, 1000];
/** Longer than one frame. */
const LONG = 200_000;

/** xorshift32: what a seed gives is the same everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What can be done next, knowing which consumers there are and which deliveries are out, queue by queue. */
class Chooser {
  #random;
  #consumers = new Set();
  #out = new Map(NAMES.map((name) => [name, []]));
  #time = 1_000;

  constructor(random) {
    this.#random = random;
  }

  next() {
    for (;;) {
      const step = this.#maybe(this.#random(100));
      if (step !== null) return step;
    }
  }

  /** Takes note of what a step brought: `NAME TAG:NUMBER …, NAME TAG:NUMBER … | …`. */
  learn(outcome) {
    const [delivered] = outcome.split(' | ');
    for (const group of delivered.split(', ')) {
      const [name, ...given] = group.split(' ');
      for (const one of given) this.#out.get(name).push(Number.parseInt(one, 10));
    }
  }

  #maybe(kind) {
    if (kind < 34) return `publish ${this.#one(KEYS)} ${1 + this.#random(8)} ${this.#one(SIZES)}`;
    if (kind < 35) return `publish audit 1 ${LONG}`;
    if (kind < 53 && kind >= 50) return `time ${this.#later(this.#random(80))}`;
    const name = this.#one(NAMES);
    if (kind < 41) return `get ${name}`;
    if (kind < 47) return this.#consume(name);
    if (kind < 50) return this.#consumers.delete(name) ? `cancel ${name}` : null;
    if (kind < 55) return `purge ${name}`;
    if (kind < 56) return this.#recover(name);
    return this.#answer(name, kind);
  }

  #consume(name) {
    if (this.#consumers.has(name)) return null;
    this.#consumers.add(name);
    return `consume ${name} ${1 + this.#random(6)}`;
  }

  #recover(name) {
    this.#out.set(name, []);
    return `recover ${name}`;
  }

  #answer(name, kind) {
    const out = this.#out.get(name);
    if (out.length === 0) return null;
    const tag = this.#one(out);
    const all = kind >= 92;
    const left = out.filter((other) => (all ? other > tag : other !== tag));
    this.#out.set(name, left);
    if (all) return `ack-all ${name} ${tag}`;
    return `${kind < 76 ? 'ack' : kind < 84 ? 'requeue' : 'reject'} ${name} ${tag}`;
  }

  #later(more) {
    this.#time += more;
    return this.#time;
  }

  #one(list) {
    return list[this.#random(list.length)];
  }
}

const [, , steps = '10000', seed = '1'] = process.argv;
const host = new Host(await openEngine(await createSharedCore('js', MEMORY, 1), 0));
const chooser = new Chooser(randomFrom(Number(seed)));
const lines = [`# ${steps} random steps, seed ${seed}`];
for (const queue of QUEUES) add(`queue ${queue}`);
for (const route of ROUTES) add(`route ${route}`);
add('time 1000');
for (let i = 0; i < Number(steps); i++) add(chooser.next());
process.stdout.write(`${lines.join('\n')}\n`);

function add(step) {
  const outcome = host.step(step);
  chooser.learn(outcome);
  lines.push(`${step} = ${outcome}`);
}
