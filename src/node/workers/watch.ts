/**
 * The watch over the workers: a worker that makes no progress although it is asked to is stuck, by a defect; its
 * clients wait for ever, and what it holds in shared memory the others wait for. So it is reported, with what it was
 * doing, and ends the broker. The watch counts its looks, not the time: a machine that stood still harms nobody.
 * Sockets that such a worker was given and never took are ended when their handshake is overdue, and closed by whoever
 * ends the worker.
 */
import type { ConnectionId } from '../../broker/requests/requests.js';
import { ProgressView } from '../../event-loop/progress.js';

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

/** A worker as it was at the last look. */
interface LookedAt {
  readonly progress: ProgressView;
  /** Its steps, and for how many looks it has taken none. */
  steps: number;
  silent: number;
  /** Sockets that it was given and had not taken, oldest first, and how many it had taken by then. */
  handed: Handed[];
  taken: number;
  over: boolean;
}

export class Watch {
  readonly #workers: readonly LookedAt[];
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | null = null;

  constructor(shared: SharedArrayBuffer, workers: number, watched: Watched) {
    this.#watched = watched;
    this.#workers = Array.from({ length: workers }, (_, index) => {
      const progress = new ProgressView(shared, index);
      return { progress, steps: progress.steps, silent: 0, handed: [], taken: 0, over: false };
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
  }

  /** The worker has a socket to take over. */
  handed(index: number, fd: number): void {
    this.#workers[index]?.handed.push({ fd, looks: 0 });
  }

  /**
   * Sockets that the worker was given and has not taken. Once it has ended they are nobody's: whoever asks then is to
   * close them, and is told of each once.
   */
  untaken(index: number): readonly number[] {
    const worker = this.#workers[index];
    if (worker === undefined) return [];
    forgetTaken(worker);
    return worker.handed.splice(0).map(({ fd }) => fd);
  }

  /** The worker has ended, in order. */
  leave(index: number): void {
    const worker = this.#workers[index];
    if (worker !== undefined) worker.over = true;
  }

  /** Whether a worker has given no sign of life for a while. */
  suspects(index: number): boolean {
    return (this.#workers[index]?.silent ?? 0) >= LOOKS_SUSPECT;
  }

  /** Who gives no sign of life, in words; null: nobody. Who waits for the disk is not to blame. */
  get silence(): string | null {
    const silent = this.#workers.findIndex(
      (worker, index) => !worker.over && this.suspects(index) && !worker.progress.waitsForDisk,
    );
    return silent < 0 ? null : `${this.describe(silent)}, and gives no sign of life`;
  }

  /** Has been called `LOOK_MS` after the last time. */
  look(): void {
    this.#workers.forEach((worker, index) => {
      if (!worker.over) this.#lookAt(worker, index);
    });
  }

  #lookAt(worker: LookedAt, index: number): void {
    const { steps } = worker.progress;
    worker.silent = steps === worker.steps ? worker.silent + 1 : 0;
    worker.steps = steps;
    this.#lookAtSockets(worker);
    if (worker.silent > 0) this.#watched.ask(index);
    if (worker.silent !== LOOKS_MAX) return;
    const line = `${this.describe(index)}, and has made no progress for ${(LOOKS_MAX * LOOK_MS) / 1000} s`;
    if (worker.progress.waitsForDisk) this.#watched.report(line);
    else this.#watched.stuck(new StuckWorker(line));
  }

  #lookAtSockets(worker: LookedAt): void {
    forgetTaken(worker);
    for (const socket of worker.handed) {
      socket.looks += 1;
      if (socket.looks === LOOKS_MAX) this.#watched.endSocket(socket.fd);
    }
  }

  /** What a worker was doing when it was last heard of. */
  describe(index: number): string {
    const progress = this.#workers[index]?.progress;
    if (progress === undefined) return `there is no worker ${index}`;
    const { connection } = progress;
    const whose = connection === 0 ? '' : ` for ${this.#watched.describe(connection)}`;
    return `worker ${index} ${progress.text}${whose}`;
  }
}

/** Sockets are taken in the order in which they were given. */
function forgetTaken(worker: LookedAt): void {
  const { taken } = worker.progress;
  worker.handed.splice(0, (taken - worker.taken) | 0);
  worker.taken = taken;
}
