/**
 * A stream on real NATS servers: what every stream does, while servers are killed. Three servers serve all tests, each
 * of which has a stream of its own. Run by `npm run nats-check`: it needs the server
 * (test/cluster/support/install-nats.mjs).
 */
import { afterAll, beforeAll } from 'vitest';
import type { LogStream } from '../../../src/cluster/stream/log-stream.js';
import { openNatsStream } from '../../../src/cluster/stream/nats/nats-open.js';
import { systemClock } from '../../../src/platform/clock.js';
import { within } from '../../support/waiting.js';
import { behaves } from '../stream/behaviours.js';
import { knownInfo } from '../support/answers.js';
import { NatsServers, SYSTEM, USER } from '../support/nats-servers.js';
import type { Scene } from '../support/scene.js';

let servers: NatsServers;
let streams = 0;
beforeAll(async () => {
  servers = await NatsServers.start();
}, 120_000);
afterAll(() => servers.end());

behaves({
  name: 'of NATS JetStream',
  open: async (): Promise<Scene> => {
    streams += 1;
    const stream = `TEST-${streams}`;
    const killed = new Set<number>();
    const open: LogStream[] = [];
    const kill = async (name: string | null) => {
      if (name === null) return;
      killed.add(servers.indexOf(name));
      await servers.kill(servers.indexOf(name));
    };
    return {
      clock: systemClock,
      connect: async (node) => {
        const handle = await openNatsStream({
          servers: servers.addresses,
          login: USER,
          system: SYSTEM,
          stream,
          node,
          octetsMax: 256 << 20,
        });
        open.push(handle);
        return handle;
      },
      until: (what, promise) => within(90_000, what, promise),
      loseLeader: async () => {
        const [handle] = open;
        if (handle !== undefined) await kill((await knownInfo(handle)).leader);
      },
      loseConnection: (handle) => kill(handle.server),
      restore: async () => {
        for (const index of killed) servers.startOne(index);
        killed.clear();
        await servers.ready();
      },
    };
  },
});
