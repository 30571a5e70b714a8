/**
 * Brings the NATS server that the tests of src/cluster/stream/nats run, of one pinned version, built from its source by
 * Go's own client, to a folder that git ignores. NATS_SERVER names another binary. What must hold: an installation that
 * was cut short leaves nothing that is taken for a server.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '2.15.2';
const FOLDER = fileURLToPath(new URL('../build', import.meta.url));
const INSTALLED = join(FOLDER, `nats-server-${VERSION}`);

/** The server's path; installs it first where it is missing. */
export function natsServer() {
  const { NATS_SERVER } = process.env;
  if (NATS_SERVER !== undefined) return NATS_SERVER;
  if (!existsSync(INSTALLED)) install();
  return INSTALLED;
}

function install() {
  mkdirSync(FOLDER, { recursive: true });
  const place = mkdtempSync(join(FOLDER, 'installing-'));
  try {
    const env = { ...process.env, GOBIN: place };
    execFileSync('go', ['install', `github.com/nats-io/nats-server/v2@v${VERSION}`], { env, stdio: 'inherit' });
    renameSync(join(place, 'nats-server'), INSTALLED);
  } catch (error) {
    throw new Error(
      'nats-server could not be installed: Go 1.24 or newer is needed, or a binary named by NATS_SERVER',
      {
        cause: error,
      },
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

if (
  process.argv[1] !== undefined &&
  join(dirname(process.argv[1]), 'install-nats.mjs') === fileURLToPath(import.meta.url)
) {
  console.log(natsServer());
}
