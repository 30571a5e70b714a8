/**
 * CPUs that stay awake although they have nothing to do. A client that waits for each confirm leaves its CPU idle
 * meanwhile; on a virtual machine such a CPU stops, and starting it again takes as long as the rest of the way to the
 * client. Linux keeps its CPUs awake while somebody holds a file open in which the longest time stands that waking may
 * take (Documentation/power/pm_qos_interface.rst). What must hold: the file is open only from `hold` to `release`, and
 * the system takes the wish back by itself when the process dies; where the file is missing, or not for us to open,
 * CPUs sleep as ever.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';

/** Only root may write to it unless the system's owner says otherwise. */
const PAGE_IN_REQUEST = '/dev/cpu_dma_latency';
const DRIVER = '/sys/devices/system/cpu/cpuidle/current_driver';
/** In a guest of KVM a CPU either stops or stays awake, and only those who allow no time at all keep it awake. */
const GUEST_DRIVER = 'haltpoll';
/** The lightest sleep of other machines takes this to wake from, and costs nearly no power (us). */
const LIGHT_SLEEP = 2;

export interface CpuLatencyOptions {
  readonly requestPageIn?: string;
  readonly driver?: string;
}

export class CpuLatency {
  readonly #wish: string;
  readonly #driver: string;
  #file: number | null = null;
  #isRefused = false;

  constructor({ requestPageIn = PAGE_IN_REQUEST, driver = DRIVER }: CpuLatencyOptions = {}) {
    this.#wish = requestPageIn;
    this.#driver = driver;
  }

  /** Asks that they stay awake. */
  hold(): void {
    if (this.#file !== null || this.#isRefused) return;
    try {
      this.#file = openSync(this.#wish, constants.O_WRONLY);
      writeSync(this.#file, Int32Array.of(this.#longest()));
    } catch {
      this.#isRefused = true;
      this.release();
    }
  }

  /** Lets them sleep. */
  release(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** How long waking may take (us). */
  #longest(): number {
    return readFileSync(this.#driver, 'utf8').trim() === GUEST_DRIVER ? 0 : LIGHT_SLEEP;
  }
}
