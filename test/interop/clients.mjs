/**
 * The clients that are driven against the broker: what each needs on the machine, how it is built, and its programs.
 * What must hold: everything that a client fetches has an exact version, and all that is built lies in `BUILD`, which
 * git ignores.
 */
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const BUILD = `${HERE}build`;

/** @typedef {readonly [string, ...string[]]} Command */

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {readonly Command[]} needs commands that succeed where the toolchain is there
 * @property {number} [rust] the oldest Rust that builds it, where it is in Rust: 94 for 1.94
 * @property {string} folder where its commands run
 * @property {readonly Command[]} build
 * @property {readonly { name: string, run: Command }[]} programs each exits with 0 when all that it checks holds
 * @property {readonly TlsProgram[]} [tls] each tries the connections of a file (`tls/run.mjs`)
 */

/**
 * @typedef {object} TlsProgram
 * @property {string} name
 * @property {Command} run
 * @property {boolean} [isSilent] it looks at the broker's certificate when the handshake is over, and goes without a word
 * @property {boolean} [knowsExternal] it can log in by its certificate
 * @property {boolean} [withholds] it shows no certificate to a broker that names other authorities
 */

const PYTHON = `${BUILD}/python/bin/python`;

/** It takes minutes to build: one that is there is taken. */
const RABBITMQADMIN2 = process.env.RABBITMQADMIN2 ?? `${BUILD}/rabbitmqadmin2`;

/** The command, as it was built. */
const LEVERET = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const JARS = `${BUILD}/java/lib/*`;
const JAVA_SOURCES = ['Checks.java', 'AmqpClient.java', 'Rules.java', 'Tls.java'];

/** @param {string} script */
function python(script) {
  return { name: `python/${script}`, run: /** @type {Command} */ ([PYTHON, '-B', `${script}.py`]) };
}

/** A program of docs/first-steps.md. @param {string} language */
function firstSteps(language) {
  return {
    name: `first steps: ${language}`,
    run: /** @type {Command} */ ([process.execPath, `${HERE}first-steps.mjs`, language]),
  };
}

/** @param {string} client @param {Pick<TlsProgram, 'isSilent' | 'knowsExternal'>} how @returns {TlsProgram} */
function nodeTls(client, how) {
  return { name: `${client} by TLS`, run: [process.execPath, 'tls.mjs', client], ...how };
}

/** @type {readonly Client[]} */
export const CLIENTS = [
  {
    // Their other tests are among the broker's own.
    name: 'node',
    needs: [['openssl', 'version']],
    folder: `${HERE}node`,
    build: [],
    programs: [firstSteps('js')],
    tls: [
      nodeTls('amqplib', { isSilent: true, knowsExternal: true }),
      nodeTls('rabbitmq-client', { isSilent: true }),
      nodeTls('amqp-client.js', { isSilent: true }),
      nodeTls('openssl', { isSilent: false }),
    ],
  },
  {
    name: 'c',
    needs: [['amqp-publish', '--help']],
    folder: `${HERE}c`,
    build: [],
    programs: [{ name: 'c/amqp_tools', run: ['bash', 'amqp_tools.sh'] }],
  },
  {
    // RabbitMQ's own command for its HTTP API.
    name: 'rabbitmqadmin',
    needs: [
      ['python3', '--version'],
      ['dpkg-deb', '--version'],
    ],
    folder: `${HERE}rabbitmqadmin`,
    build: [['bash', 'fetch.sh', `${BUILD}/rabbitmqadmin`]],
    programs: [{ name: 'rabbitmqadmin', run: ['bash', 'rabbitmqadmin.sh', `${BUILD}/rabbitmqadmin/rabbitmqadmin`] }],
  },
  {
    // Its successor, which speaks the API of RabbitMQ 4.
    name: 'rabbitmqadmin2',
    needs: [],
    rust: 94,
    folder: `${HERE}rabbitmqadmin`,
    // Not optimized, and without what a debugger reads, which takes most of the time.
    build: [
      [
        ...['env', 'CARGO_PROFILE_DEV_DEBUG=0'],
        ...['cargo', 'install', '--quiet', '--locked', '--debug', '--version', '2.35.0', '--root', RABBITMQADMIN2],
        'rabbitmqadmin',
      ],
    ],
    programs: [{ name: 'rabbitmqadmin 2', run: ['bash', 'rabbitmqadmin2.sh', `${RABBITMQADMIN2}/bin/rabbitmqadmin`] }],
  },
  {
    name: 'python',
    needs: [['python3', '-c', 'import ensurepip, venv']],
    folder: `${HERE}python`,
    build: [
      ['python3', '-m', 'venv', `${BUILD}/python`],
      [PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', 'requirements.txt'],
    ],
    programs: [
      'pika_blocking',
      'pika_rules',
      'pika_select',
      'aio_pika_robust',
      'celery_results',
      'celery_chord',
      'celery_flower',
    ]
      .map(python)
      .concat(firstSteps('python')),
    tls: [{ ...python('pika_tls'), knowsExternal: true }],
  },
  {
    name: 'go',
    needs: [['go', 'version']],
    folder: `${HERE}go`,
    build: [['go', 'build', '-o', `${BUILD}/go/`, '.']],
    programs: [
      { name: 'go/amqp091-go', run: [`${BUILD}/go/interop`] },
      { name: 'go/rules', run: [`${BUILD}/go/interop`, 'rules'] },
      { name: 'go/rabbit-hole', run: [`${BUILD}/go/interop`, 'resources'] },
      firstSteps('go'),
    ],
    tls: [{ name: 'go/amqp091-go by TLS', run: [`${BUILD}/go/interop`, 'tls'], knowsExternal: true }],
  },
  {
    name: 'php',
    needs: [['php', '-r', 'exit(extension_loaded("amqp") ? 0 : 1);']],
    folder: HERE,
    build: [],
    programs: [firstSteps('php')],
  },
  {
    name: 'java',
    needs: [
      ['mvn', '--version'],
      ['javac', '--version'],
    ],
    folder: `${HERE}java`,
    build: [
      ['mvn', '--quiet', '--batch-mode', 'dependency:copy-dependencies'],
      ['javac', '-Xlint:all', '-Werror', '-d', `${BUILD}/java/classes`, '-cp', JARS, ...JAVA_SOURCES],
    ],
    programs: [
      firstSteps('java'),
      { name: 'java/amqp-client', run: ['java', '-cp', `.:${BUILD}/java/classes:${JARS}`, 'AmqpClient'] },
      { name: 'java/rules', run: ['java', '-cp', `.:${BUILD}/java/classes:${JARS}`, 'Rules'] },
      { name: 'java/perf-test', run: ['bash', 'perf_test.sh', JARS] },
      { name: 'java/perf-test and leveret perf', run: ['bash', 'leveret_perf.sh', JARS, process.execPath, LEVERET] },
    ],
    tls: [
      {
        name: 'java/amqp-client by TLS',
        run: ['java', '-cp', `.:${BUILD}/java/classes:${JARS}`, 'Tls'],
        knowsExternal: true,
        withholds: true,
      },
    ],
  },
  {
    name: 'rust',
    needs: [],
    rust: 88,
    folder: `${HERE}rust`,
    build: [['cargo', 'build', '--quiet', '--locked', '--target-dir', `${BUILD}/rust`]],
    programs: [{ name: 'rust/lapin', run: [`${BUILD}/rust/debug/interop`] }],
  },
];
