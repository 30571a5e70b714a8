/**
 * Writes `recorded.json`: certificates with odd names, made by openssl, and as whom each would come in to RabbitMQ, asked
 * of its own code: `node record.mjs FOLDER_OF_RABBITMQ_PLUGINS`. Needs openssl, erl and an installed RabbitMQ.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Subjects by what is odd in them, with the other names, all as openssl has them, and the types of strings it takes.
 * @type {readonly { title: string, subject: string, names?: string, mask?: string }[]}
 */
const CERTIFICATES = [
  { title: 'a common name alone', subject: '/CN=hare' },
  { title: 'several parts', subject: '/C=DE/ST=Berlin/L=Berlin/O=Hares Inc./OU=Field/CN=hare' },
  { title: 'several common names', subject: '/CN=hare/O=Field/CN=rabbit' },
  { title: 'several attributes in a part', subject: '/O=Field/CN=hare+UID=h1+emailAddress=hare@field.test' },
  { title: 'no common name', subject: '/O=Field/OU=South' },
  { title: 'letters that are not ASCII', subject: '/O=Fëld/CN=häse ∑ 🐇' },
  { title: 'Latin-1', subject: '/O=Fëld/CN=häse', mask: 'MASK:0x6' },
  { title: 'UCS-2', subject: '/O=Fëld ∑/CN=häse ∑', mask: 'MASK:0x800' },
  { title: 'special characters', subject: '/O=a,b;c<d>e\\+f/CN="hare\\\\" \\/ 100% = 1' },
  { title: 'blanks at both ends', subject: '/O= a /CN= hare ' },
  { title: 'one blank', subject: '/O= /CN=  ' },
  { title: 'a number sign first', subject: '/O=#1#/CN=#hare' },
  { title: 'a tilde', subject: '/CN=~hare~' },
  { title: 'control characters', subject: '/CN=hare\u0001\ttab\u007f' },
  { title: 'addresses and domains', subject: '/DC=test/DC=field/CN=hare/emailAddress=a,b@field.test' },
  {
    title: 'all attributes that have a name',
    subject: '/SN=H/GN=A/initials=AH/generationQualifier=III/title=Dr/serialNumber=7/pseudonym=bun/street=1 Way/CN=h',
  },
  { title: 'attributes without a name of their own', subject: '/2.5.4.46=q/odd=text/far=off/CN=hare' },
  {
    title: 'other names',
    subject: '/CN=hare',
    names: 'DNS:a.test,DNS:b.test,email:hare@field.test,URI:spiffe://field/hare,IP:10.1.2.3,IP:2001:db8::1',
  },
  {
    title: 'a name of another kind',
    subject: '/CN=hare',
    names: 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:hare@upn.tests1',
  },
  {
    title: 'a name of another kind that is longer',
    subject: '/CN=hare',
    names: 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:hare.longer@upn.test',
  },
];

const OWN_ATTRIBUTES = 'oid_section=own\n[own]\nodd=1.2.3.4.5\nfar=2.999.1000000.1\n';

/** What the erl program prints for each certificate: names by where they are taken from. */
const PROGRAM = `
application:load(rabbit),
application:set_env(rabbit, ssl_options, [{verify, verify_peer}]),
Name = fun(From, Type, Index, Der) ->
  application:set_env(rabbit, ssl_cert_login_from, From),
  application:set_env(rabbit, ssl_cert_login_san_type, Type),
  application:set_env(rabbit, ssl_cert_login_san_index, Index),
  try rabbit_ssl:peer_cert_auth_name(Der) of
    N when is_binary(N) -> base64:encode(N);
    Other -> atom_to_binary(Other)
  catch C:R -> iolist_to_binary(io_lib:format("~p ~0p", [C, R])) end
end,
lists:foreach(fun(File) ->
  {ok, Der} = file:read_file(File),
  All = [Name(distinguished_name, dns, 0, Der), Name(common_name, dns, 0, Der)] ++
    [Name(subject_alternative_name, T, I, Der) || T <- [dns, email, uri, other_name], I <- [0, 1]],
  io:format("~s~n", [lists:join("|", All)])
end, init:get_plain_arguments()),
halt().`;

const [plugins] = process.argv.slice(2);
if (plugins === undefined) throw new Error('node record.mjs FOLDER_OF_RABBITMQ_PLUGINS');
const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
try {
  const files = CERTIFICATES.map(({ subject, names, mask }, index) => {
    const [config, file] = [join(folder, `${index}.conf`), join(folder, `${index}.der`)];
    writeFileSync(
      config,
      `${OWN_ATTRIBUTES}[req]\nstring_mask=${mask ?? 'utf8only'}\nutf8=yes\ndistinguished_name=dn\n[dn]\n`,
    );
    const made = ['-subj', subject, '-utf8', '-outform', 'DER', '-out', file, '-days', '36500', '-config', config];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(folder, 'key')];
    const others = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
    execFileSync('openssl', ['req', '-x509', ...key, ...made, ...others], { stdio: ['ignore', 'ignore', 'inherit'] });
    return file;
  });
  const places = ['rabbit', 'rabbit_common'].flatMap((name) => ['-pa', join(plugins, `${name}-3.10.8`, 'ebin')]);
  const output = execFileSync('erl', ['-noshell', ...places, '-eval', PROGRAM, '-extra', ...files], {
    encoding: 'utf8',
  });
  const lines = output.split('\n').filter((line) => line.includes('|'));
  const recorded = CERTIFICATES.map(({ title }, index) => {
    const [distinguished_name, common_name, ...others] = lines[index]?.split('|').map(read) ?? [];
    const [dns, email, uri, other_name] = [0, 2, 4, 6].map((at) => others.slice(at, at + 2));
    const certificate = readFileSync(files[index] ?? '').toString('base64');
    const alternatives = others.every((name) => name === null) ? null : { dns, email, uri, other_name };
    return { title, distinguished_name, common_name, alternatives, certificate };
  });
  writeFileSync(
    new URL('recorded.json', import.meta.url),
    `[\n${recorded.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

/** Null: RabbitMQ finds none. @param {string} text */
function read(text) {
  if (text === 'not_found') return null;
  if (/^(error|exit|throw) /.test(text)) throw new Error(text);
  return Buffer.from(text, 'base64').toString();
}
