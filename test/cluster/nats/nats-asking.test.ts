/** Nodes ask each other over real servers, and a copy goes that way. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { copyFrom } from '../../../src/cluster/copy/copy-from.js';
import { CopySource } from '../../../src/cluster/copy/copy-source.js';
import { CopyStaging } from '../../../src/cluster/copy/copy-staging.js';
import { DirectoryView } from '../../../src/cluster/copy/copy-view.js';
import { CHAIN_START } from '../../../src/cluster/records/link.js';
import type { Asking } from '../../../src/cluster/stream/asking.js';
import { openNatsAsking } from '../../../src/cluster/stream/nats/nats-asking.js';
import { systemClock } from '../../../src/platform/clock.js';
import { NatsServers, USER } from '../support/nats-servers.js';

let servers: NatsServers;
beforeAll(async () => {
  servers = await NatsServers.start();
}, 120_000);
afterAll(() => servers.end());

async function open(node: string): Promise<Asking> {
  const asking = await openNatsAsking({ servers: servers.addresses, login: USER, stream: 'LOG', node });
  onTestFinished(() => asking.close());
  return asking;
}

test('a node answers another one, whatever its name is; who is not there is silent', async () => {
  const [a, b] = [await open('a.b *>'), await open('b')];
  a.serve(async (question) => Buffer.from(question).reverse());
  const asked = await b.ask('a.b *>', Buffer.from('hare'), 5000);
  expect(asked.kind === 'answered' && Buffer.from(asked.octets).toString()).toBe('erah');
  expect(await b.ask('c', Buffer.from('hare'), 1000)).toMatchObject({ kind: 'silent' });
  expect(await b.ask('a', Buffer.from('hare'), 1000)).toMatchObject({ kind: 'silent' });
});

test('files are copied, of the largest answers that the servers take', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-copy-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const content = Buffer.alloc(20_000_000, 'leveret');
  writeFileSync(join(directory, '1.log'), content);
  const files = [{ name: '1.log', octets: content.length }];
  const view = async () => new DirectoryView(directory, 'run', CHAIN_START, files, [], async () => {});
  const source = new CopySource(await open('a'), view, systemClock);
  onTestFinished(() => source.close());
  const staging = new CopyStaging(join(directory, 'copy'));
  const limits = { portion: Number.POSITIVE_INFINITY };
  expect(await copyFrom({ asking: await open('b'), source: 'a', copier: 'b', staging, limits })).toEqual(CHAIN_START);
  expect(readFileSync(join(directory, 'copy', '1.log')).equals(content)).toBe(true);
});
