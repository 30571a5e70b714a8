/** Properties of messages, from the names and texts that somebody has given: what is no property's name is a header. */
import type { Properties } from '../amqp/properties.js';
import { table } from '../amqp/table.js';
import { plainOf } from './plain.js';
import type { Messages } from './plan.js';

const TEXTS: readonly string[] = [
  ...['contentType', 'contentEncoding', 'correlationId', 'replyTo', 'expiration'],
  ...['messageId', 'type', 'userId', 'appId', 'clusterId'],
];
const PERSISTENT = 2;
const TRANSIENT = 1;

export function propertiesOf({ isPersistent, properties }: Messages): Properties {
  const headers = Object.entries(properties).filter(([name]) => !isText(name) && name !== 'priority');
  const { priority } = properties;
  return {
    deliveryMode: isPersistent ? PERSISTENT : TRANSIENT,
    ...Object.fromEntries(Object.entries(properties).filter(([name]) => isText(name))),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(headers.length === 0
      ? {}
      : { headers: table(Object.fromEntries(headers.map(([name, value]) => [name, plainOf(value)]))) }),
  };
}

function isText(name: string): boolean {
  return TEXTS.includes(name);
}
