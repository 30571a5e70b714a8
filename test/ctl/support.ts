/** `leveret ctl` with a broker of its own, both in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { runCtl } from '../../src/cli/ctl/ctl.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import type { Said } from './transcript.js';

export interface CtlBroker extends EmbeddedBroker {
  readonly socket: string;
}

/** Types to a broker's socket. */
export async function typeTo(socket: string, args: readonly string[], input = ''): Promise<Said> {
  const said = { out: '', error: '' };
  const code = await runCtl(
    args,
    { LEVERET_CTL_SOCKET: socket },
    {
      input: Readable.from([input]),
      out: (text) => {
        said.out += text;
      },
      error: (text) => {
        said.error += text;
      },
    },
  );
  return { code, ...said };
}

/** A broker with a control socket, and nothing else of the management, for the tests of a file. */
export function useCtlBroker(): () => CtlBroker {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-ctl-'));
  let started: CtlBroker | undefined;
  beforeAll(async () => {
    const socket = join(directory, 'ctl.sock');
    const management = { port: null, socket: { path: socket, isNeeded: true } };
    started = { ...(await startEmbedded(undefined, { management })), socket };
  });
  afterAll(async () => {
    await started?.embedded.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    if (started === undefined) throw new Error('the broker runs only while tests do');
    return started;
  };
}
