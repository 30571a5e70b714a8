/**
 * Who may come in: the SASL mechanisms, and where users may come from. Pure; throws what the client is to be told.
 */
import { type AmqpError, connectionError, replyCode } from '../../amqp/errors.js';
import { decodeTableEntries } from '../../amqp/table.js';
import { decodeText } from '../../amqp/text.js';
import { type Accounts, GUEST } from '../../broker/access/accounts.js';
import type { Grant } from '../../broker/access/scopes.js';
import { mechanisms } from './identity.js';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who has come in: a user, or the bearer of a token, who has what that grants. */
export interface Login {
  readonly user: string;
  readonly grant: Grant | null;
}

/** Where users and passwords are known; what may take long is a promise. */
export interface LoginSource extends Pick<Accounts, 'user'> {
  /** Who comes in by this; null: nobody. */
  login(credentials: Credentials): Login | null | Promise<Login | null>;
  /** Who comes in by the certificate that was shown; left out: none was. */
  external?: () => Login | null | Promise<Login | null>;
  /** A login was refused though its password is right. */
  refused?(user: string, reason: string): void;
}

/**
 * Checks a login; returns who that is, as a promise where that takes long. The guest comes from this machine only
 * (`isLocal`), as in RabbitMQ. `anonymous`: as whom those come in who do not say who they are; null: they do not.
 */
export function authenticate(
  source: LoginSource,
  mechanism: string,
  response: Uint8Array,
  isLocal: boolean,
  anonymous: string | null = null,
): Login | Promise<Login> {
  const letIn = (login: Login | null): Login => {
    if (login !== null && (isLocal || login.user !== GUEST)) return login;
    if (login !== null) source.refused?.(login.user, 'this user comes from the same machine only');
    else if (mechanism === 'ANONYMOUS') source.refused?.(anonymous ?? '', 'there is no such user');
    throw refused(
      replyCode.ACCESS_REFUSED,
      `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
    );
  };
  const login = loginOf(source, mechanism, response, anonymous);
  return login instanceof Promise ? login.then(letIn) : letIn(login);
}

/** Who a login shows; null: nobody that there is. */
function loginOf(
  source: LoginSource,
  mechanism: string,
  response: Uint8Array,
  anonymous: string | null,
): Login | null | Promise<Login | null> {
  switch (mechanism) {
    case 'PLAIN':
      return source.login(plain(response));
    case 'AMQPLAIN':
      return source.login(amqplain(response));
    case 'ANONYMOUS':
      // What the response says is for the curious only.
      if (anonymous !== null) return source.user(anonymous) === undefined ? null : { user: anonymous, grant: null };
      break;
    case 'EXTERNAL':
      // As whom the client would like to come in (RFC 4422, appendix A) RabbitMQ does not ask either.
      if (source.external !== undefined) return source.external();
      throw refused(
        replyCode.COMMAND_INVALID,
        "authentication mechanism 'EXTERNAL' is for clients that show a certificate by TLS",
      );
  }
  const known = mechanisms(anonymous, source.external !== undefined);
  throw refused(replyCode.COMMAND_INVALID, `unknown authentication mechanism '${mechanism}', this broker has ${known}`);
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
