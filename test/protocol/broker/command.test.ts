/**
 * The command line: what it says when it starts, and when it cannot.
 */
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { PROTOCOL_HEADER } from '../../../src/amqp/frames.js';
import { Broker, isReferee, runToExit, startBroker } from '../../support/broker.js';
import { RawClient } from '../../support/raw-client.js';
import { deferred } from '../../support/waiting.js';

describe.runIf(!isReferee)('the command', () => {
  test('says where it listens, with how many workers, on which engine and with how much memory', async () => {
    const broker = await startBroker({ workers: 2, memory: '128M' });
    const exit = await broker.stop();
    expect(exit?.stdout).toMatch(/listening on amqp:\/\/127\.0\.0\.1:\d+/);
    expect(exit?.stdout).toMatch(/2 workers/);
    expect(exit?.stdout).toContain(process.env.LEVERET_ENGINE === 'js' ? 'JavaScript' : 'WebAssembly');
    expect(exit?.stdout).toMatch(/128 ?M/);
  });

  test('listens on both addresses that localhost may stand for, where the machine has both', async () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
    const broker = await startBroker();
    try {
      const urls = [broker.url, ...(hasIpv6 ? [`amqp://[::1]:${broker.port}`] : [])];
      for (const url of urls) await (await RawClient.open(new Broker(url, null, deferred<never>().promise))).close();
    } finally {
      const exit = await broker.stop();
      const addresses = exit?.log.match(/amqp:\/\/\S+(?=:\d+)/g);
      expect(addresses).toEqual(['amqp://127.0.0.1', ...(hasIpv6 ? ['amqp://[::1]'] : [])]);
    }
  });

  test('listens on the one address that it is told', async () => {
    const broker = await startBroker({ flags: ['--host', '127.0.0.1'] });
    const exit = await broker.stop();
    expect(exit?.log).toMatch(/listening on amqp:\/\/127\.0\.0\.1:\d+\n/);
  });

  test('lets nobody in who does not say who they are, unless it is told as whom', async () => {
    for (const [flags, mechanisms] of [
      [[], 'PLAIN AMQPLAIN'],
      [['--anonymous', 'guest'], 'PLAIN AMQPLAIN ANONYMOUS'],
    ] as const) {
      const broker = await startBroker({ flags });
      try {
        const client = await RawClient.dial(broker);
        client.write(PROTOCOL_HEADER);
        expect((await client.expect('connection.start')).mechanisms).toBe(mechanisms);
        client.socket.destroy();
        if (flags.length === 0) continue;
        const anonymous = await RawClient.open(broker, { mechanism: 'ANONYMOUS', response: Buffer.from('whoever') });
        await anonymous.openChannel();
        await anonymous.close();
      } finally {
        await broker.stop();
      }
    }
  });

  test('works with one worker as with several', async () => {
    for (const workers of [1, 3]) {
      const broker = await startBroker({ workers });
      try {
        const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(broker)));
        for (const client of clients) await client.ping();
        for (const client of clients) await client.close();
      } finally {
        expect(await broker.stop()).toMatchObject({ code: 0 });
      }
    }
  });

  test('tells clients the product and version that it is asked to', async () => {
    for (const [flags, announced] of [
      [[], 'RabbitMQ 3.13.7'],
      [['--announce', 'Hare/1.2'], 'Hare 1.2'],
    ] as const) {
      const broker = await startBroker({ flags });
      try {
        const { serverProperties } = await RawClient.open(broker);
        const told = ['product', 'version'].map((field) => serverProperties.get(field)?.value);
        expect(told.join(' ')).toBe(announced);
      } finally {
        await broker.stop();
      }
    }
  });

  test('ends with one line and code 1 when the port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const exit = await runToExit(['--port', String(port)]);
      expect(exit).toMatchObject({ code: 1, stdout: '' });
      expect(exit.stderr).toMatch(/^[^\n]+\n$/);
      expect(exit.stderr).toContain(String(port));
    } finally {
      server.close();
    }
  });

  test.each([
    [['--nonsense']],
    [['--port', 'http']],
    [['--port', '65536']],
    [['--workers', '0']],
    [['--engine', 'java']],
    [['--memory', 'much']],
    [['surplus']],
  ])('ends with one line and code 1 for %j', async (flags) => {
    const exit = await runToExit(flags);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^[^\n]+\n$/);
    const offender = flags.at(-1) ?? '';
    expect(exit.stderr).toContain(offender);
  });

  test('explains its flags when asked', async () => {
    const exit = await runToExit(['--help']);
    expect(exit).toMatchObject({ code: 0, stderr: '', told: '' });
    for (const flag of ['--port', '--host', '--workers', '--engine', '--memory', '--[no-]pin']) {
      expect(exit.stdout).toContain(flag);
    }
  });
});
