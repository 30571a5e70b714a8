/**
 * Who is connected, with channels and consumers, as the workers tell it. What must hold: what is told is at most a
 * moment old (`KEPT_MS`, or ten times as long as the listing took), so that however many ask, workers spend little of
 * their time on it, and that listings are put together in turns, so that others are answered between.
 *
 * This folder is how the management sees clients; routes and what puts the management together import it.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Depth } from '../../connection/inspection/rows.js';
import { inOrder } from '../http/ordering.js';
import { Turns } from '../http/turns.js';
import { type Client, gathered } from './client.js';
import { ClientsRates } from './client-rates.js';
import { Inspections } from './inspections.js';
import { SAMPLE_MS } from './rates.js';

/** How long a listing is told again (ms). */
const KEPT_MS = 200;
/** And at least so many times as long as it took. */
const KEPT_TIMES = 10;
/** How long rates are taken after somebody has looked (ms). */
const WATCHED_MS = 60_000;

/** A listing that is told again for a while. */
interface Listing {
  readonly depth: Depth;
  readonly clients: Promise<readonly Client[]>;
  /** When it is too old (`performance.now()`); infinite while it is made. */
  expires: number;
}

const DEPTHS: readonly Depth[] = ['connections', 'channels', 'consumers'];

export class Clients {
  readonly #inspections: Inspections;
  readonly #rates = new ClientsRates();
  #listings: Listing[] = [];
  #sampling: NodeJS.Timeout | null = null;
  #watchedUntil = 0;
  /** The same of channels. */
  #channelsWatchedUntil = 0;

  /** The ports lead to the workers. */
  constructor(ports: readonly MessagePort[]) {
    this.#inspections = new Inspections(ports);
  }

  /** All of them, by their names, as far down as asked for or further. Rejects with `NoAnswer`. */
  all(depth: Depth): Promise<readonly Client[]> {
    this.#watch(depth);
    return this.#listing(depth);
  }

  /** The same, for whoever wants no rates: none are taken for it. Rejects with `NoAnswer`. */
  now(depth: Depth): Promise<readonly Client[]> {
    return this.#listing(depth);
  }

  /** As of now; undefined: there is none of this name. */
  async named(name: string, depth: Depth): Promise<Client | undefined> {
    this.#watch(depth);
    const rows = await this.#inspections.list(depth, name);
    const [client] = await gathered(rows, this.#rates.known, new Turns());
    return client;
  }

  /** Closes connections by 320 with this text, those of them that are still there. Rejects with `NoAnswer`. */
  async end(clients: readonly Pick<Client, 'id'>[], text: string): Promise<void> {
    await Promise.all(clients.map(({ id }) => this.#inspections.closeConnection(id, text)));
    this.#listings = [];
  }

  /** Nobody asks any more. */
  close(): void {
    clearInterval(this.#sampling ?? undefined);
    this.#inspections.close();
  }

  #listing(depth: Depth): Promise<readonly Client[]> {
    const now = performance.now();
    this.#listings = this.#listings.filter(({ expires }) => expires > now);
    const known = this.#listings.findLast((listing) => DEPTHS.indexOf(listing.depth) >= DEPTHS.indexOf(depth));
    if (known !== undefined) return known.clients;
    const listing = { depth, clients: this.#list(depth), expires: Number.POSITIVE_INFINITY };
    this.#listings.push(listing);
    const settle = (): void => {
      const end = performance.now();
      listing.expires = now + Math.max(KEPT_MS, KEPT_TIMES * (end - now));
    };
    listing.clients.then(settle, () => {
      listing.expires = 0;
    });
    return listing.clients;
  }

  async #list(depth: Depth): Promise<readonly Client[]> {
    const rows = await this.#inspections.list(depth, null);
    const turns = new Turns();
    const clients = await gathered(rows, this.#rates.sampling(performance.now()), turns);
    this.#rates.keepOnly(clients, depth !== 'connections');
    return inOrder(clients, ({ name }) => name, false, turns);
  }

  /** Whoever looks again finds rates of the last seconds. */
  #watch(depth: Depth): void {
    this.#watchedUntil = performance.now() + WATCHED_MS;
    if (depth !== 'connections') this.#channelsWatchedUntil = this.#watchedUntil;
    this.#sampling ??= setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  #sample(): void {
    const now = performance.now();
    if (now >= this.#channelsWatchedUntil) this.#rates.forgetChannels();
    if (now < this.#watchedUntil) {
      // A worker that does not answer is told of to those who ask.
      this.#listing(now < this.#channelsWatchedUntil ? 'channels' : 'connections').catch(() => {});
      return;
    }
    clearInterval(this.#sampling ?? undefined);
    this.#sampling = null;
    this.#rates.keepOnly([], true);
  }
}
