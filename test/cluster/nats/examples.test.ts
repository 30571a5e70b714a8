/** The files of examples/cluster, as they are but for their ports, give a stream that promises all that it should. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNatsStream } from '../../../src/cluster/stream/nats/nats-open.js';
import { resolveCluster } from '../../../src/node/cluster-options.js';
import { readClusterFiles } from '../../../src/node/files/cluster-files.js';
import { resolveOptions } from '../../../src/node/options.js';
import { NatsServers, type Ports } from '../support/nats-servers.js';

const FOLDER = fileURLToPath(new URL('../../../examples/cluster/', import.meta.url));
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.conf'))
  .map((file) => readFileSync(`${FOLDER}${file}`, 'utf8'));

/** On this machine, with the ports of these servers. */
function here(text: string, own: Ports | undefined, ports: readonly Ports[], folder: string): string {
  return text
    .replaceAll(/10\.0\.0\.(\d):(4222|6222)/g, (_, machine: string, port: string) => {
      const { client = 0, cluster = 0 } = ports[Number(machine) - 1] ?? {};
      return `127.0.0.1:${port === '4222' ? client : cluster}`;
    })
    .replace('127.0.0.1:8222', `127.0.0.1:${own?.monitor}`)
    .replace('/var/lib/nats', folder);
}

let servers: NatsServers;
beforeAll(async () => {
  servers = await NatsServers.start({
    configure: (index, ports, folder) => here(FILES[index] ?? '', ports[index], ports, folder),
  });
}, 120_000);
afterAll(() => servers.end());

const LOGIN = { user: 'leveret', password: 'PASSWORD-OF-LEVERET' };
const SYSTEM = { user: 'system', password: 'PASSWORD-OF-SYSTEM' };

test('they are alike but for the name and the address of the machine', () => {
  const plain = FILES.map((text, index) => {
    const letter = 'abc'.charAt(index);
    return text
      .replaceAll(`hare-${letter}`, 'hare')
      .replaceAll(new RegExp(`^( *listen: "10\\.0\\.0\\.)${index + 1}:`, 'gm'), '$1N:');
  });
  expect(plain).toHaveLength(3);
  expect(new Set(plain).size).toBe(1);
});

test('a node takes the stream that their servers make, and finds out that they sync before they acknowledge', async () => {
  const { data } = resolveOptions({ data: {} });
  const given = { node: 'hare-a', servers: servers.addresses, login: LOGIN, system: SYSTEM, address: '10.0.0.1:5680' };
  const weak: string[] = [];
  const options = readClusterFiles(resolveCluster(given, data), (weakness) => weak.push(weakness));
  for (let time = 0; time < 2; time++) {
    const stream = await openNatsStream(options);
    await stream.close();
  }
  expect(weak).toEqual([]);
});

test('who has no password of theirs comes in nowhere', async () => {
  for (const login of [undefined, { user: 'leveret', password: 'other' }]) {
    const options = {
      servers: servers.addresses,
      stream: 'LEVERET',
      node: 'x',
      octetsMax: 64 << 20,
      ...(login && { login }),
    };
    await expect(openNatsStream(options)).rejects.toThrow(/lets this node in: .*authorization/i);
  }
});
