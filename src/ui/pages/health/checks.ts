/** The broker's checks of its health, in plain words: what each means where all is well, and what to do where it is not. */

export interface Check {
  readonly path: string;
  readonly name: string;
  /** Where all is well. */
  readonly good: string;
  /** Where it is not. */
  readonly advice: string;
}

export const CHECKS: readonly Check[] = [
  {
    path: 'ready-to-serve-clients',
    name: 'Programs are served',
    good: 'There is a listener for AMQP, and more programs may connect.',
    advice: 'See that a listener for AMQP is configured (port), and that the limit of connections is not reached.',
  },
  {
    path: 'alarms',
    name: 'No alarm',
    good: 'There is enough memory and disk: nobody who publishes is held back.',
    advice:
      'Publishers are held back until it is over. Have consumers take what waits, delete what nobody needs, or give the broker more memory or disk.',
  },
  {
    path: 'below-node-connection-limit',
    name: 'Room for connections',
    good: 'More programs may connect.',
    advice: 'Close connections that nobody needs, or raise the limit (connection_max).',
  },
  {
    path: 'protocol-listener/amqp',
    name: 'AMQP is spoken',
    good: 'Programs reach the broker by AMQP.',
    advice: 'No listener for AMQP without TLS is open. If that is meant, look at the list of listeners instead.',
  },
  {
    path: 'virtual-hosts',
    name: 'All vhosts run',
    good: 'Each vhost can be used.',
    advice: 'Look into the log for what is said of the vhost, and restart the broker.',
  },
  {
    path: 'certificate-expiration/1/months',
    name: 'Certificates are good for a month',
    good: 'None expires within a month, or there are none.',
    advice: 'Put new ones in their place; the broker reads them again on SIGHUP, without a restart.',
  },
  {
    path: 'is-in-service',
    name: 'In service',
    good: 'The node is not being taken out of service.',
    advice: 'It is in maintenance: programs are to connect elsewhere.',
  },
];
