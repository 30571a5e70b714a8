/** What is taken from queues: RabbitMQ tells the same of channels and of queues, with their kind before these names. */

export interface Taken {
  readonly name: string;
  readonly help: string;
  readonly counter: TakenCounter;
  /** Parts of the first that are taken off. */
  readonly less?: readonly TakenCounter[];
}

/** Counted of queues, of channels, and of all. */
type TakenCounter =
  | 'DELIVERED'
  | 'DELIVERED_NO_ACK'
  | 'GOT'
  | 'GOT_NO_ACK'
  | 'GOT_EMPTY'
  | 'REDELIVERED'
  | 'ACKNOWLEDGED';

export const TAKEN: readonly Taken[] = [
  {
    name: 'get_ack_total',
    help: 'Total number of messages fetched with basic.get in manual acknowledgement mode',
    counter: 'GOT',
  },
  {
    name: 'get_total',
    help: 'Total number of messages fetched with basic.get in automatic acknowledgement mode',
    counter: 'GOT_NO_ACK',
  },
  {
    name: 'messages_delivered_ack_total',
    help: 'Total number of messages delivered to consumers in manual acknowledgement mode',
    counter: 'DELIVERED',
    less: ['DELIVERED_NO_ACK', 'GOT', 'GOT_NO_ACK'],
  },
  {
    name: 'messages_delivered_total',
    help: 'Total number of messages delivered to consumers in automatic acknowledgement mode',
    counter: 'DELIVERED_NO_ACK',
  },
  {
    name: 'messages_redelivered_total',
    help: 'Total number of messages redelivered to consumers',
    counter: 'REDELIVERED',
  },
  {
    name: 'messages_acked_total',
    help: 'Total number of messages acknowledged by consumers',
    counter: 'ACKNOWLEDGED',
  },
  {
    name: 'get_empty_total',
    help: 'Total number of times basic.get operations fetched no message',
    counter: 'GOT_EMPTY',
  },
];

/** A counter less others, which are parts of it, and read before it. */
export function differenceOf<C>(read: (counter: C) => number, plus: C, less: readonly C[]): number {
  let parts = 0;
  for (const counter of less) parts += read(counter);
  return Math.max(0, read(plus) - parts);
}
