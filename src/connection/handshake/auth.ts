/**
 * Who may come in: the SASL mechanisms, and where users may come from. Pure; throws what the client is to be told.
 */
import { type AmqpError, connectionError, replyCode } from '../../amqp/errors.js';
import { decodeTableEntries } from '../../amqp/table.js';
import { decodeText } from '../../amqp/text.js';
import { type Accounts, GUEST } from '../../broker/access/accounts.js';
import { mechanisms } from './identity.js';

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Checks a login; returns the user's name, as a promise where that takes long. The guest comes from this machine only
 * (`isLocal`), as in RabbitMQ. `anonymous`: as whom those come in who do not say who they are; null: they do not.
 */
export function authenticate(
  accounts: Pick<Accounts, 'accepts' | 'user'> & { refused?(user: string, reason: string): void },
  mechanism: string,
  response: Uint8Array,
  isLocal: boolean,
  anonymous: string | null = null,
): string | Promise<string> {
  const letIn = (user: string | null): string => {
    if (user !== null && (isLocal || user !== GUEST)) return user;
    if (user !== null) accounts.refused?.(user, 'this user comes from the same machine only');
    throw refused(
      replyCode.ACCESS_REFUSED,
      `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
    );
  };
  const user = userOf(accounts, mechanism, response, anonymous);
  return user instanceof Promise ? user.then(letIn) : letIn(user);
}

/** The user whom a login shows; null: none that there is. */
function userOf(
  accounts: Pick<Accounts, 'accepts' | 'user'>,
  mechanism: string,
  response: Uint8Array,
  anonymous: string | null,
): string | null | Promise<string | null> {
  switch (mechanism) {
    case 'PLAIN':
      return accepted(accounts, plain(response));
    case 'AMQPLAIN':
      return accepted(accounts, amqplain(response));
    case 'ANONYMOUS':
      // What the response says is for the curious only.
      if (anonymous !== null) return accounts.user(anonymous)?.name ?? null;
      break;
  }
  throw refused(
    replyCode.COMMAND_INVALID,
    `unknown authentication mechanism '${mechanism}', this broker has ${mechanisms(anonymous)}`,
  );
}

function accepted(
  accounts: Pick<Accounts, 'accepts'>,
  { user, password }: Credentials,
): string | null | Promise<string | null> {
  const isRight = accounts.accepts(user, password);
  if (typeof isRight === 'boolean') return isRight ? user : null;
  return isRight.then((right) => (right ? user : null));
}

/** `authorization id NUL user NUL password`. */
function plain(response: Uint8Array): Credentials {
  const [, user, password, ...rest] = decodeText(new Uint8Array(response)).split('\0');
  if (user === undefined || password === undefined || rest.length > 0) throw malformed('PLAIN');
  return { user, password };
}

/** The entries of a table, without its length. */
function amqplain(response: Uint8Array): Credentials {
  const fields = decodeTableEntries(response);
  const user = fields.get('LOGIN');
  const password = fields.get('PASSWORD');
  if (user?.type !== 'S' || password?.type !== 'S') throw malformed('AMQPLAIN');
  return { user: user.value, password: password.value };
}

function malformed(mechanism: string): AmqpError {
  return refused(replyCode.SYNTAX_ERROR, `the response is not one of authentication mechanism ${mechanism}`);
}

function refused(code: 403 | 502 | 503, explanation: string): AmqpError {
  return connectionError(code, explanation);
}
