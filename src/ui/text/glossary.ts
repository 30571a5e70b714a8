/** Each term of the page in a sentence or two, for who meets it for the first time. The one place for these texts. */

export const GLOSSARY = {
  acknowledgement:
    'What a consumer sends when it has done its work on a message. Only then does the queue forget the message; if the consumer goes away before, the message is given out again.',
  'alternate exchange': 'Where an exchange sends a message that none of its bindings takes.',
  'auto-delete':
    'It goes by itself when its last user goes: a queue with its last consumer, an exchange with its last binding.',
  binding:
    'A rule that leads messages from an exchange to a queue (or to another exchange): those whose routing key, or headers, fit it.',
  channel: 'A conversation within a connection. A program usually has one for each of its threads or tasks.',
  churn:
    'How many connections, channels and queues come and go. Much of it usually means a program that opens one for each message.',
  connection:
    'The network connection of one program to the broker. It should live long; channels within it do the work.',
  consumer: 'A program that has asked a queue for its messages; the broker sends them as they come.',
  'dead letter':
    'A message that was rejected, has expired or found its queue full, and went on to the dead letter exchange, if one is set.',
  durable:
    'It is still there after the broker has restarted. Of its messages those are that were published as persistent.',
  exchange: 'Where programs publish. It holds no messages: by its bindings it says which queues get one.',
  exclusive: 'A queue that only the connection may use that declared it, and that goes with it.',
  'feature flag':
    'How clusters of RabbitMQ agree on what all nodes can do. Tools ask for them; here all are there and cannot be switched off.',
  limit:
    'The most that there may be of something: connections, channels, queues. What would be one too many is refused.',
  frame:
    'The pieces in which client and broker send: a message that is larger than one comes in several. Client and broker agree on their size at the log-in.',
  heartbeat:
    'A sign of life that client and broker send each other. Where two in a row do not come, the other is taken for gone.',
  listener: 'An address at which the broker waits for programs, and the protocol that is spoken there.',
  memory:
    'Messages that wait are held in memory first. Near the limit the broker moves them to disk, or holds publishers up.',
  message: 'What a program publishes: a body, which the broker does not look at, with properties and a routing key.',
  node: 'One running broker.',
  'operator policy': 'A policy of whoever runs the broker. Where both set a limit, the lower one counts.',
  permission:
    'What a user may do in a vhost, by the names of queues and exchanges: configure (declare, delete), write (publish), read (take messages).',
  persistent: 'A message that is written to disk, so that it survives a restart in a durable queue.',
  policy: 'Settings for all queues and exchanges whose names fit a pattern. It can be changed while they are in use.',
  prefetch:
    'How many messages a consumer may have without having acknowledged them. Then it gets no more until it acknowledges.',
  'publisher confirm':
    "The broker's word that it has taken a message, and, where the message is persistent, has written it.",
  queue: 'Where messages wait, in their order, until a consumer takes them.',
  ready: 'Messages that wait to be given out.',
  'routing key': 'A word, or several with dots between them, that a message is published with. Bindings look at it.',
  'single active consumer': 'One consumer at a time gets the messages. If it goes, the next one takes over.',
  tag: 'A word that a user has. It says what the user may see and do on this page and by the HTTP API; programs need none to send and take messages.',
  'topic permission':
    'For an exchange of the type topic: the routing keys that a user may publish with, and bind by. Where none is set, all are allowed.',
  TLS: 'Encryption of the connection: nobody on the way can read or change what goes over it.',
  unacknowledged: 'Messages that a consumer has been given and has not acknowledged yet.',
  unroutable: 'A message that no binding took. Unless its publisher asked to have it back, it is gone.',
  user: 'A name and password by which programs and people come in. Tags say what of this page they see.',
  vhost: 'A virtual host: a name space with exchanges, queues and rights of its own. Programs connect to one.',
  worker: 'A thread of the broker that serves clients. There is usually one for each CPU.',
} satisfies Readonly<Record<string, string>>;

export type TermName = keyof typeof GLOSSARY;
