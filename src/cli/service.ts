/**
 * What a service manager is told of the broker that it has started, by systemd's protocol sd_notify: ready, reloading,
 * stopping, how it is, and that it lives. What must hold: the watchdog is fed only while the broker thread answers and
 * no worker is silent; who did not start us hears nothing; a manager that cannot be told stops nobody.
 */
import { hrtime } from 'node:process';
import { datagramsTo, type SendDatagram } from '../platform/datagram.js';

/** A start that shows progress may take so much longer each time (us). */
const EXTENSION_US = 120e6;

interface ServiceEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  WATCHDOG_USEC?: string | undefined;
  WATCHDOG_PID?: string | undefined;
}

export class Service {
  readonly #send: SendDatagram | null;
  readonly #watchdogUs: number;
  #state: 'starting' | 'serving' | 'stopping' = 'starting';
  #feeding: NodeJS.Timeout | null = null;

  /** `watchdogUs`: within which a sign of life is wanted; 0: never. */
  constructor(send: SendDatagram | null, watchdogUs: number) {
    this.#send = send;
    this.#watchdogUs = watchdogUs;
  }

  /** Takes what is for this process alone out of the environment. `report` hears why the manager cannot be told. */
  static of(environment: ServiceEnvironment, report: (line: string) => void): Service {
    const { NOTIFY_SOCKET: address, WATCHDOG_USEC: interval, WATCHDOG_PID: pid } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const) delete environment[name];
    if (address === undefined || address === '') return new Service(null, 0);
    const isOurs = pid === undefined || Number(pid) === process.pid;
    const watchdogUs = isOurs && Number(interval) > 0 ? Number(interval) : 0;
    try {
      return new Service(patient(datagramsTo(address), report), watchdogUs);
    } catch (error) {
      report(inWords(error));
      return new Service(null, 0);
    }
  }

  /** Something has been done on the way to `ready`: the manager waits longer for that. */
  progress(line: string): void {
    if (this.#state === 'starting') this.#tell(`EXTEND_TIMEOUT_USEC=${EXTENSION_US}`, `STATUS=${line}`);
  }

  /** Clients are served. `health` says who is silent; null: nobody is. */
  ready(status: string, health: () => Promise<string | null>): void {
    this.#state = 'serving';
    this.#tell('READY=1', `STATUS=${status}`);
    if (this.#send === null || this.#watchdogUs === 0) return;
    // Twice in the time that there is, as sd_watchdog_enabled(3) asks.
    this.#feeding = setInterval(() => this.#feed(health), this.#watchdogUs / 2000).unref();
  }

  status(status: string): void {
    if (this.#state === 'serving') this.#tell(`STATUS=${status}`);
  }

  /** All is read anew, and `ready` again when the promise has settled; it must not reject. */
  async reloading(done: Promise<unknown>): Promise<void> {
    if (this.#state !== 'serving') return;
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${hrtime.bigint() / 1000n}`);
    await done;
    if (this.isServing) this.#tell('READY=1');
  }

  stopping(): void {
    if (this.#state === 'stopping') return;
    this.#state = 'stopping';
    this.#tell('STOPPING=1', 'STATUS=closing the connections');
  }

  /** The end of the process comes next. */
  end(): void {
    this.stopping();
    clearInterval(this.#feeding ?? undefined);
  }

  private get isServing(): boolean {
    return this.#state === 'serving';
  }

  async #feed(health: () => Promise<string | null>): Promise<void> {
    const silent = await health().catch(inWords);
    // While it stops it is the stop's time limit that counts.
    if (silent === null || !this.isServing) this.#tell('WATCHDOG=1');
    else this.#tell(`STATUS=${silent}`);
  }

  #tell(...lines: readonly string[]): void {
    this.#send?.(lines.map((line) => line.replaceAll('\n', ' ')).join('\n'));
  }
}

/** Tells once that it fails, and goes on. */
function patient(send: SendDatagram, report: (line: string) => void): SendDatagram {
  let told = '';
  return (text) => {
    try {
      send(text);
      told = '';
    } catch (error) {
      const why = inWords(error);
      if (why !== told) report(why);
      told = why;
    }
  };
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
