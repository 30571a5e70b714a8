/**
 * Brokers with their management at known ports, which can be killed and come back at the same ones; gone after the test.
 */
import { join } from 'node:path';
import { freePort } from '../../../bench/support/ports.mjs';
import type { Broker } from '../../support/broker.js';
import { directory, start } from '../../support/kept-data.js';

export interface Ports {
  readonly amqp: number;
  readonly http: number;
}

export interface Place {
  readonly ports: Ports;
  readonly data: string;
}

export async function newPlace(): Promise<Place> {
  return { ports: { amqp: await freePort(), http: await freePort() }, data: directory() };
}

export function startAt({ ports, data }: Place, more: readonly string[] = []): Promise<Broker> {
  const at = ['--port', `${ports.amqp}`, '--http-port', `${ports.http}`, '--ctl-socket', join(data, 'ctl.sock')];
  return start(data, { flags: [...at, ...more], workers: 1, memory: '256M', patience: 60_000 });
}

/** What `leveret migrate` is told to go from one to the other. */
export function between(source: Ports, target: Ports, { tls = false } = {}): string[] {
  const s = tls ? 's' : '';
  return [
    ...['--from', `amqp${s}://guest:guest@127.0.0.1:${source.amqp}`],
    ...['--from-http', `http${s}://127.0.0.1:${source.http}`],
    ...['--to', `amqp${s}://guest:guest@127.0.0.1:${target.amqp}`],
    ...['--to-http', `http${s}://127.0.0.1:${target.http}`],
  ];
}
