/**
 * A stage for interleavings: participants of one core, in its checking build (assembly/memory/checkpoint.ts), each on a
 * thread of its own. One of them runs at a time, and only while the test waits for it: a test is plain code from top to
 * bottom, and comes out the same each time.
 *
 *   const { bench, workers: [cursor], coordinator } = await openStage({ workers: 1 });
 *   cursor.begin('get', channel, queue, true).until('CLAIM_SCANNED');   // runs until it comes there, and stops
 *   coordinator.engine.purge(queue);                                    // runs from its beginning to its end
 *   expect(cursor.finish()).toBe(false);                                // goes on to the end: what the call returns
 *
 * `bench` (test/engine/support/bench.ts) and `engine` make whole calls, for all that comes before and after. `begin` …
 * `until` … `finish` make one call with stops; in between others do whatever they like, and may stop in the midst of
 * calls themselves. `until('X', 3)` runs to the third time. A point that is not reached, a trap, and whoever never
 * comes back are errors that say so. Who comes to a lock that a stopped participant holds traps at once. A client's
 * octets go to an engine by `bench.client().feed`, and with stops by `beginRead`, once their routes are known.
 *
 * A new checkpoint is one line in checkpoint.ts, `checkpoint(NAME)` where it is, and nothing here. What this does not
 * show: a memory order weaker than sequential consistency, since stopping and going on order everything.
 */
import { readFile } from 'node:fs/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { createWasmCore } from '../../../dist/engine/wasm/shared-memory.js';
import type { Engine, SharedCore } from '../../../src/engine/engine.js';
import { Bench, type Client } from '../../engine/support/bench.js';

const CORE = new URL('../../../dist/core.checking.wasm', import.meta.url);
/**
 * Control words of a player: whose turn it is, the point where it stands (0: none), and for each point how many times
 * until it stops there.
 */
const WORDS = { TURN: 0, REACHED: 1, ARMED: 2, STAGE: 1, PLAYER: 2 } as const;
const POINTS_MAX = 256;
/** Whoever runs for so long (ms) will never come back. */
const PATIENCE = 10_000;

type CallName = { [K in keyof Engine]: Engine[K] extends (...args: never[]) => unknown ? K : never }[keyof Engine];
type Arguments<K extends CallName> = Engine[K] extends (...args: infer A) => unknown ? A : never;

interface Outcome {
  readonly result?: unknown;
  readonly error?: string;
}

/** One participant. */
export class Player {
  #engine: Engine | null = null;
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #points: ReadonlyMap<string, number>;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * (WORDS.ARMED + POINTS_MAX)));
  /** The call that is under way. */
  #call: string | null = null;

  constructor(shared: SharedCore, participant: number, points: ReadonlyMap<string, number>) {
    const { port1, port2 } = new MessageChannel();
    this.#name = participant === shared.workers ? 'the coordinator' : `worker ${participant}`;
    this.#points = points;
    this.#port = port1;
    this.#control[WORDS.TURN] = WORDS.PLAYER;
    const workerData = { shared, participant, port: port2, control: this.#control, words: WORDS };
    const options = { workerData, transferList: [port2] };
    this.#worker = new Worker(new URL('./player.mjs', import.meta.url), options);
    this.#bytes = new Uint8Array(shared.buffer);
  }

  /** The participant's engine: each call runs from its beginning to its end. */
  get engine(): Engine {
    if (this.#engine === null) throw new Error(`${this.#name} has not joined`);
    return this.#engine;
  }

  /** Resolves when the participant has joined. */
  async joined(): Promise<void> {
    const failure = new Promise<never>((_, reject) => this.#worker.once('error', reject));
    const { value } = Atomics.waitAsync(this.#control, WORDS.TURN, WORDS.PLAYER, PATIENCE);
    await Promise.race([value, failure]);
    const methods = receiveMessageOnPort(this.#port)?.message as readonly string[];
    this.#engine = remoteEngine(this, this.#bytes, new Set(methods));
  }

  async end(): Promise<void> {
    this.#port.close();
    await this.#worker.terminate();
  }

  /** Begins a call, which runs `until` it comes to a point. */
  begin<K extends CallName>(name: K, ...args: Arguments<K>): { until(point: string, times?: number): void } {
    return {
      until: (point, times = 1) => {
        this.#post(name, args, true);
        this.until(point, times);
      },
    };
  }

  /** Begins a call that reads a client's octets, at most one read of them. */
  beginRead(client: Client, octets: Uint8Array): { until(point: string, times?: number): void } {
    this.#bytes.set(octets, this.engine.readOffset);
    return this.begin('ingest', client.core, this.engine.readOffset, octets.length);
  }

  /** Goes on with the call that was begun, until it comes to a point. */
  until(point: string, times = 1): void {
    const call = this.#call;
    if (call === null) throw new Error(`${this.#name} has begun no call`);
    const number = this.#points.get(point);
    if (number === undefined) throw new Error(`there is no checkpoint ${point}`);
    const armed = WORDS.ARMED + number;
    Atomics.store(this.#control, armed, times);
    this.#run();
    if (Atomics.load(this.#control, WORDS.REACHED) === number) return;
    Atomics.store(this.#control, armed, 0);
    throw new Error(`${this.#name}: ${call} ended without coming to ${point}: ${JSON.stringify(this.#outcome())}`);
  }

  /** Goes on with the call that was begun, to its end; what it returns. */
  finish(): unknown {
    const call = this.#call;
    if (call === null) throw new Error(`${this.#name} has begun no call`);
    this.#run();
    const { result, error } = this.#outcome();
    if (error !== undefined) throw new Error(`${this.#name}: ${call}: ${error}`);
    return result;
  }

  /** Makes a whole call, or reads a result. */
  perform(name: string, args: readonly unknown[], calls: boolean): unknown {
    this.#post(name, args, calls);
    return this.finish();
  }

  #post(name: string, args: readonly unknown[], calls: boolean): void {
    if (this.#call !== null) throw new Error(`${this.#name} has not ended its ${this.#call}`);
    this.#call = name;
    this.#port.postMessage({ name, args, calls });
  }

  /** Lets the participant run until it stops, or its call has ended. */
  #run(): void {
    Atomics.store(this.#control, WORDS.TURN, WORDS.PLAYER);
    Atomics.notify(this.#control, WORDS.TURN);
    if (Atomics.wait(this.#control, WORDS.TURN, WORDS.PLAYER, PATIENCE) === 'timed-out') {
      throw new Error(`${this.#name} never comes back from its ${this.#call}`);
    }
  }

  #outcome(): Outcome {
    this.#call = null;
    return receiveMessageOnPort(this.#port)?.message as Outcome;
  }
}

/** An engine whose calls another thread makes. Batches of the log do not leave that thread. */
function remoteEngine(player: Player, bytes: Uint8Array, methods: ReadonlySet<string>): Engine {
  const get = (_: object, name: string | symbol): unknown => {
    if (typeof name === 'symbol' || name === 'then') return undefined;
    if (name === 'bytes') return bytes;
    return methods.has(name)
      ? (...args: unknown[]) => player.perform(name, args, true)
      : player.perform(name, [], false);
  };
  return new Proxy({}, { get }) as Engine;
}

/** Checkpoints and their numbers: the constants of assembly/memory/checkpoint.ts. */
function checkpointsOf(shared: SharedCore, imports: WebAssembly.Imports): Map<string, number> {
  if (!shared.module || !shared.memory) throw new Error('the core has no module');
  const { exports } = new WebAssembly.Instance(shared.module, { ...imports, env: { memory: shared.memory } });
  const points = new Map<string, number>();
  for (const [name, value] of Object.entries(exports)) {
    if (value instanceof WebAssembly.Global) points.set(name, value.value);
  }
  return points;
}

export interface Stage {
  readonly bench: Bench;
  readonly workers: readonly Player[];
  readonly coordinator: Player;
}

/** Opens a core for `workers` workers and the coordinator, until the test that asked has finished. */
export async function openStage(options: { workers: number; mebibytes?: number }): Promise<Stage> {
  const imports = { checking: { reached: () => {} }, host: { heldBack: () => {} } };
  const module = await WebAssembly.compile(await readFile(CORE));
  const shared = createWasmCore(module, options.mebibytes ?? 32, options.workers, imports);
  const points = checkpointsOf(shared, imports);
  const players: Player[] = [];
  onTestFinished(async () => {
    await Promise.all(players.map((player) => player.end()));
  });
  for (let participant = 0; participant <= options.workers; participant++) {
    const player = new Player(shared, participant, points);
    players.push(player);
    await player.joined();
  }
  const workers = players.slice(0, -1);
  const [coordinator] = players.slice(-1);
  if (coordinator === undefined) throw new Error('there is no coordinator');
  const bench = Bench.of(
    workers.map((player) => player.engine),
    coordinator.engine,
  );
  return { bench, workers, coordinator };
}
