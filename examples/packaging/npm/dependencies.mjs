/**
 * docs/dependencies.md: what the package needs of others, from package-lock.json: versions, licences, where they come from
 * and the checksum that an installation must find. `npm run config-docs` writes it, and a test holds it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REGISTRY = 'https://registry.npmjs.org/';
const MODULES = 'node_modules/';

/**
 * @typedef {object} Locked
 * @property {string} version
 * @property {string} [license]
 * @property {string} [resolved]
 * @property {string} integrity
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @param {string} text package-lock.json */
export function dependenciesDocument(text = lockFile()) {
  const { packages } = JSON.parse(text);
  const { '': own, ...others } = packages;
  const direct = Object.keys({ ...own.dependencies, ...own.optionalDependencies })
    .sort()
    .map((name) => MODULES + name);
  const all = Object.keys(others)
    .filter((path) => !others[path].dev && !others[path].devOptional)
    .sort();
  /** @type {Map<string, number>} */
  const licences = new Map();
  for (const path of all) {
    const licence = others[path].license ?? 'none said';
    licences.set(licence, (licences.get(licence) ?? 0) + 1);
  }
  return [
    '# Dependencies',
    '',
    'What the package needs of others when it runs (`npm run config-docs` makes this page from package-lock.json). All come',
    'from the npm registry, unless it says otherwise. `npm ci` takes what has these checksums, and nothing else; `npm sbom',
    '--omit dev --sbom-format cyclonedx` writes the same for programs.',
    '',
    '| package | version | licence | packages below it |',
    '|---|---|---|--:|',
    ...direct.map((path) => {
      const { version, license } = others[path];
      return `| ${nameOf(path)} | ${version} | ${license} | ${below(path, others).size} |`;
    }),
    '',
    `In all ${all.length}, with those that are for other systems: ${[...licences]
      .map(([licence, count]) => `${count} of ${licence}`)
      .sort()
      .join(', ')}.`.replaceAll(/(.{1,118})(\s|$)/g, '$1\n'),
    '## Each of them',
    '',
    ...all.flatMap((path) => lines(path, others[path])),
    '',
  ].join('\n');
}

function lockFile() {
  return readFileSync(fileURLToPath(new URL('../../../package-lock.json', import.meta.url)), 'utf8');
}

/** @param {string} path */
const nameOf = (path) => path.slice(path.lastIndexOf(MODULES) + MODULES.length);

/** @param {string} path @param {Locked} locked */
function lines(path, { version, license, resolved, integrity, optional }) {
  const from = resolved === undefined || resolved.startsWith(REGISTRY) ? '' : `, from ${resolved}`;
  const head = `- ${nameOf(path)} ${version}, ${license ?? 'no licence said'}${optional ? ', optional' : ''}${from}`;
  return [head, `  \`${integrity}\``];
}

/** All that a package needs, and what these need. @param {string} path @param {Record<string, Locked>} packages */
function below(path, packages) {
  /** @type {Set<string>} */
  const found = new Set();
  const known = new Set([path]);
  // A set is walked to its end, with what is added meanwhile.
  for (const one of known) {
    const { dependencies = {}, optionalDependencies = {} } = packages[one] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const needed = resolve(one, name, packages);
      if (needed === null) continue;
      known.add(needed);
      found.add(needed);
    }
  }
  found.delete(path);
  return found;
}

/** Where Node finds a package from another one. @param {string} from @param {string} name @param {Record<string, Locked>} packages */
function resolve(from, name, packages) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf(`/${MODULES}`)))) {
    const path = folder === '' ? MODULES + name : `${folder}/${MODULES}${name}`;
    if (path in packages) return path;
    if (folder === '') return null;
  }
}
