/**
 * What clients meet by TLS, each by both versions: brokers that are set up in different ways, and clients that show
 * different certificates. Data only.
 */

/** Names of certificates; all but that of the stranger are signed by the authority. */
export const CERTIFICATES = {
  valid: {},
  expired: { days: /** @type {const} */ ([-10, -3]) },
  early: { days: /** @type {const} */ ([3, 10]) },
  renamed: { names: 'DNS:hare.example' },
  revoked: {},
  /** Names a user that there is. */
  guest: {},
};

/** What their authority has revoked. */
export const REVOKED = /** @type {const} */ (['revoked']);

/** Who signs for nobody that is trusted. */
export const STRANGER = 'stranger';

/** @typedef {keyof typeof CERTIFICATES | typeof STRANGER} CertificateName */
/** @typedef {'open' | 'strict' | 'named' | 'expired' | 'early' | 'renamed'} BrokerName */

/**
 * Brokers by the certificate that they show, by whether they want one, and by what in it names a user.
 * @type {Record<BrokerName, { shows: keyof typeof CERTIFICATES, verify: 'none' | 'required', login?: 'common_name' }>}
 */
export const BROKERS = {
  open: { shows: 'valid', verify: 'none' },
  strict: { shows: 'valid', verify: 'required' },
  named: { shows: 'valid', verify: 'required', login: 'common_name' },
  expired: { shows: 'expired', verify: 'none' },
  early: { shows: 'early', verify: 'none' },
  renamed: { shows: 'renamed', verify: 'none' },
};

/**
 * @typedef {object} Case
 * @property {string} title what the client does or meets
 * @property {BrokerName} broker
 * @property {CertificateName} [shows] the client's certificate
 * @property {boolean} [trustsStranger] the client trusts another authority than the broker's
 * @property {RegExp} [brokerSays] the line of a broker that refuses the client
 * @property {boolean} [isExternal] it says by its certificate alone who it is (SASL EXTERNAL)
 * @property {boolean} [clientRefuses] the client refuses the broker
 */

export const NO_CERTIFICATE = /shows no certificate/;

/** @type {readonly Case[]} */
export const CASES = [
  { title: 'comes in without a certificate where none is asked for', broker: 'open' },
  { title: 'comes in with a certificate where one is required', broker: 'strict', shows: 'valid' },
  { title: 'is refused without a certificate', broker: 'strict', brokerSays: NO_CERTIFICATE },
  {
    title: 'is refused with a certificate of another authority',
    broker: 'strict',
    shows: STRANGER,
    brokerSays: /is of no authority that is trusted here/,
  },
  {
    title: 'is refused with a certificate that has expired',
    broker: 'strict',
    shows: 'expired',
    brokerSays: /has expired/,
  },
  {
    title: 'is refused with a certificate that is not valid yet',
    broker: 'strict',
    shows: 'early',
    brokerSays: /is not valid yet/,
  },
  {
    title: 'is refused with a certificate that is revoked',
    broker: 'strict',
    shows: 'revoked',
    brokerSays: /is revoked/,
  },
  { title: 'logs in by its certificate', broker: 'named', shows: 'guest', isExternal: true },
  {
    title: 'is refused with a certificate of a user that there is not',
    broker: 'named',
    shows: 'valid',
    isExternal: true,
    brokerSays: /refused: there is no such user/,
  },
  { title: 'refuses a broker of another authority', broker: 'open', trustsStranger: true, clientRefuses: true },
  { title: 'refuses a broker whose certificate has expired', broker: 'expired', clientRefuses: true },
  { title: 'refuses a broker whose certificate is not valid yet', broker: 'early', clientRefuses: true },
  { title: 'refuses a broker of another name', broker: 'renamed', clientRefuses: true },
];

export const VERSIONS = /** @type {const} */ (['1.2', '1.3']);
