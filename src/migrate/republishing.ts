/**
 * A message of the source as it is published at the target: to an exchange that hands it on as it was
 * (`x-republish`), which knows it by an id should it come twice.
 */
import { encodeContent, encodeMethod } from '../amqp/frames.js';
import { encodeProperties } from '../amqp/properties.js';
import { table } from '../amqp/table.js';
import { decodeText } from '../amqp/text.js';
import { CHANNEL } from '../client/connection.js';
import type { Delivered } from './deliveries.js';
import type { QueueName } from './plan.js';
import { deliveryModeOf, propertiesIn } from './property-octets.js';

/** By what the target knows a message again. */
export const ID_HEADER = 'x-migration-id';
/** What a message has that may be there a second time. */
export const DOUBTFUL_HEADER = 'x-possible-duplicate';

/** What stands besides the properties in the header frame of what is published, with names of 255 octets. */
const WRAPPING_OCTETS = 1200;

export class Republishing {
  readonly #method: Uint8Array;
  readonly #frameMax: number;
  /** Before the number of a message: all queues of a vhost share a memory. */
  readonly #idHead: string;

  constructor(exchange: string, { name }: QueueName, frameMax: number) {
    const flags = { mandatory: true, immediate: false };
    this.#method = encodeMethod(CHANNEL, { name: 'basic.publish', exchange, routingKey: name, ...flags });
    this.#frameMax = frameMax;
    this.#idHead = `${name}:`;
  }

  /** Whether its properties go into one frame with what is put around them. */
  fits({ properties }: Delivered): boolean {
    return properties.length + WRAPPING_OCTETS <= this.#frameMax;
  }

  /** The frames of a publish. `isDoubtful`: it says of itself that it may be there already. */
  frames({ exchange, routingKey, properties, body }: Delivered, id: number, isDoubtful: boolean): Uint8Array {
    const deliveryMode = deliveryModeOf(properties);
    const headers = table({
      [ID_HEADER]: `${this.#idHead}${id}`,
      'x-published-as': {
        exchange: decodeText(exchange),
        'routing-key': decodeText(routingKey),
        properties: isDoubtful ? marked(properties) : properties,
      },
    });
    const outer = deliveryMode === null ? { headers } : { headers, deliveryMode };
    return Buffer.concat([this.#method, encodeContent(CHANNEL, outer, body, this.#frameMax)]);
  }
}

function marked(octets: Uint8Array): Uint8Array {
  const properties = propertiesIn(octets);
  const headers = new Map([...(properties.headers ?? []), ...table({ [DOUBTFUL_HEADER]: true })]);
  return encodeProperties({ ...properties, headers });
}
