/**
 * The watch over the workers: a worker that makes no progress although it is asked to is stuck, by a defect; its
 * clients wait for ever, and what it holds in shared memory the others wait for. So it is reported, with what it was
 * doing, and ends the broker. The watch counts its looks, not the time: a machine that stood still harms nobody.
 * Sockets that such a worker was given and never took are ended when their handshake is overdue.
 */
import type { ConnectionId } from '../broker/requests/requests.js';
import { Sight } from '../event-loop/progress.js';

/** Between two looks (ms), and how many of them a worker may let pass in a row. */
const LOOK_MS = 2_000;
const LOOKS_MAX = 5;
/** After so many it gets no new connections. */
const LOOKS_SUSPECT = 2;

export interface Watched {
  /** Asks the worker for a sign of life: it takes a step. */
  ask(worker: number): void;
  /** How a connection is called in reports. */
  describe(connection: ConnectionId): string;
  /** Ends a socket in whose place no worker may have come. */
  endSocket(fd: number): void;
  report(line: string): void;
  /** The broker must end. */
  stuck(error: Error): void;
}

/** A worker is stuck. It has no stack that would tell anything. */
export class StuckWorker extends Error {
  constructor(message: string) {
    super(message);
    this.stack = message;
  }
}

interface Handed {
  readonly fd: number;
  looks: number;
}

interface Ward {
  readonly sight: Sight;
  /** Its steps at the last look, and for how many looks it has taken none. */
  steps: number;
  silent: number;
  /** Sockets that it was given and had not taken at the last look, oldest first, and how many it had taken by then. */
  handed: Handed[];
  taken: number;
  over: boolean;
}

export class Watch {
  readonly #wards: readonly Ward[];
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | null = null;

  constructor(shared: SharedArrayBuffer, workers: number, watched: Watched) {
    this.#watched = watched;
    this.#wards = Array.from({ length: workers }, (_, index) => {
      const sight = new Sight(shared, index);
      return { sight, steps: sight.steps, silent: 0, handed: [], taken: 0, over: false };
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
  }

  /** The worker has a socket to take over. */
  handed(worker: number, fd: number): void {
    this.#wards[worker]?.handed.push({ fd, looks: 0 });
  }

  /** The worker has ended, in order. */
  leave(worker: number): void {
    const ward = this.#wards[worker];
    if (ward !== undefined) ward.over = true;
  }

  /** Whether a worker has given no sign of life for a while. */
  suspects(worker: number): boolean {
    return (this.#wards[worker]?.silent ?? 0) >= LOOKS_SUSPECT;
  }

  /** Has been called `LOOK_MS` after the last time. */
  look(): void {
    this.#wards.forEach((ward, worker) => {
      if (!ward.over) this.#lookAt(ward, worker);
    });
  }

  #lookAt(ward: Ward, worker: number): void {
    const { steps } = ward.sight;
    ward.silent = steps === ward.steps ? ward.silent + 1 : 0;
    ward.steps = steps;
    this.#lookAtSockets(ward);
    if (ward.silent > 0) this.#watched.ask(worker);
    if (ward.silent !== LOOKS_MAX) return;
    const line = `${this.describe(worker)}, and has made no progress for ${(LOOKS_MAX * LOOK_MS) / 1000} s`;
    if (ward.sight.waitsForDisk) this.#watched.report(line);
    else this.#watched.stuck(new StuckWorker(line));
  }

  #lookAtSockets(ward: Ward): void {
    const { taken } = ward.sight;
    ward.handed.splice(0, (taken - ward.taken) | 0);
    ward.taken = taken;
    for (const socket of ward.handed) {
      socket.looks += 1;
      if (socket.looks === LOOKS_MAX) this.#watched.endSocket(socket.fd);
    }
  }

  /** What a worker was doing when it was last heard of. */
  describe(worker: number): string {
    const sight = this.#wards[worker]?.sight;
    if (sight === undefined) return `there is no worker ${worker}`;
    const { connection } = sight;
    const whose = connection === 0 ? '' : ` for ${this.#watched.describe(connection)}`;
    return `worker ${worker} ${sight.text}${whose}`;
  }
}
