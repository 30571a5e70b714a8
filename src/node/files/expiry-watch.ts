/**
 * Warns of certificates and lists that have expired or soon will: when they are taken into use, and each day from then
 * on. A broker that runs for a year tells it in time, too.
 */
import type { TlsSetup } from '../../connection/transport/opening/tls-setup.js';
import { expiryWarnings } from './tls-expiry.js';

const DAY_MS = 86_400_000;

export class ExpiryWatch {
  readonly #report: (line: string) => void;
  #timer: NodeJS.Timeout | null = null;

  /** `report` takes lines for the operator. */
  constructor(report: (line: string) => void) {
    this.#report = report;
  }

  /** From now on these are looked at; null: none. */
  watch(setup: Pick<TlsSetup, 'identities' | 'authority' | 'revoked'> | null): void {
    this.stop();
    if (setup === null) return;
    const look = (): void => {
      for (const line of expiryWarnings(setup, Date.now())) this.#report(line);
    };
    look();
    this.#timer = setInterval(look, DAY_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
