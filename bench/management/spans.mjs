/**
 * What spans cost: `npm run bench:spans`. How many messages a second go through a broker that exports spans, with and
 * without a `traceparent` of theirs, beside one that exports none. All live side by side and are measured in turn; a
 * ratio is taken within a round, and the median of the rounds is what counts. The receiver is this process, which only
 * counts: spans that find no place on their way are lost, and the last column says how many came.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { say } from '../limit/progress.mjs';
import { median } from '../support/median.mjs';
import { runPerf } from '../support/perf.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';

const HELP = `Usage: npm run bench:spans -- [options]

  --seconds N   measured seconds of each run (default 3)
  --rounds N    runs of each (default 7)
`;
const WARMUP_S = 1;
/** Of a publish and of its delivery. */
const SPANS_EACH = 2;
const TRACED = ['--property', 'traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'];
const SHAPE = ['--size', '1024', '--prefetch', '100', '--max-in-flight', '2000'];
const WORKLOADS = [
  { title: '1 x 1, 1 KB', perf: ['-x', '1', '-y', '1', ...SHAPE] },
  { title: '20 x 20, 1 queue, 1 KB', perf: ['-x', '20', '-y', '20', ...SHAPE] },
];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});

/** Counts the spans that it is sent. */
class Receiver {
  spans = 0;
  #server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const parts = [];
    request.on('data', (/** @type {Buffer} */ part) => parts.push(part));
    request.on('end', () => {
      this.spans += occurrences(Buffer.concat(parts), '"traceId"');
      response.end('{}');
    });
  });

  /** Resolves with where it is. */
  async open() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/**
 * @param {Buffer} octets
 * @param {string} what
 */
function occurrences(octets, what) {
  let count = 0;
  for (let at = octets.indexOf(what); at >= 0; at = octets.indexOf(what, at + what.length)) count += 1;
  return count;
}

/**
 * @typedef {object} Round
 * @property {number} without messages a second through a broker that exports no spans
 * @property {number} untraced through one that does, of messages that ask for none
 * @property {number} traced of messages that ask for them
 * @property {number} share of the spans that were asked for: those that came
 */

/**
 * @param {{ title: string, perf: readonly string[] }} workload
 * @param {{ plain: number, exporting: number, receiver: Receiver }} ports
 * @returns {Promise<string[]>}
 */
async function row({ title, perf }, { plain, exporting, receiver }) {
  const seconds = Number(values.seconds);
  const flags = [...perf, '--duration', String(seconds), '--warmup', String(WARMUP_S)];
  /** @type {Round[]} */
  const rounds = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const without = await runPerf(plain, [...flags, ...TRACED]);
    const untraced = await runPerf(exporting, flags);
    const before = receiver.spans;
    const traced = await runPerf(exporting, [...flags, ...TRACED]);
    const share = (receiver.spans - before) / (SPANS_EACH * traced * (seconds + WARMUP_S));
    say(`${title}, round ${round}: ${[without, untraced, traced].map(thousands).join(', ')} a second`);
    rounds.push({ without, untraced, traced, share });
  }
  const middle = (/** @type {(round: Round) => number} */ of) => median(rounds.map(of));
  return [
    title,
    thousands(middle((one) => one.without)),
    thousands(middle((one) => one.untraced)),
    middle((one) => one.untraced / one.without).toFixed(2),
    thousands(middle((one) => one.traced)),
    middle((one) => one.traced / one.without).toFixed(2),
    `${(
      100 *
        Math.min(
          1,
          middle((one) => one.share),
        )
    ).toFixed(0)} %`,
  ];
}

async function main() {
  const receiver = new Receiver();
  const endpoint = await receiver.open();
  const plain = await startLeveret(['--workers', '1']);
  const exporting = await startLeveret(['--workers', '1', '--otlp-endpoint', endpoint]);
  const rows = [];
  try {
    for (const workload of WORKLOADS)
      rows.push(await row(workload, { plain: plain.port, exporting: exporting.port, receiver }));
  } finally {
    await exporting.stop();
    await plain.stop();
    receiver.close();
  }
  const columns = ['no spans/s', 'exporting, untraced/s', 'ratio', 'traced/s', 'ratio', 'spans that came'];
  const titles = [{ title: 'messages a second', align: /** @type {const} */ ('left') }];
  process.stdout.write(`${formatTable([...titles, ...columns.map((title) => ({ title }))], rows)}\n`);
}

if (values.help) process.stdout.write(HELP);
else await main();
