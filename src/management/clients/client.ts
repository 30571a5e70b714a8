/** Clients as routes find them: the rows that workers tell, each with those below it. */
import type { ChannelRow, ConnectionRow, ConsumerRow, Row } from '../../connection/inspection/rows.js';
import type { OctetRates } from './rates.js';

export interface Client extends ConnectionRow {
  readonly rates: OctetRates;
  /** Empty where nobody has looked so far down. */
  readonly channelList: readonly ClientChannel[];
}

export interface ClientChannel extends ChannelRow {
  readonly consumerList: readonly ConsumerRow[];
}

/** A channel's row comes behind that of its connection, a consumer's behind that of its channel. */
export function gathered(rows: readonly Row[], ratesOf: (row: ConnectionRow) => OctetRates): Client[] {
  const clients: Client[] = [];
  let channels: ClientChannel[] = [];
  let consumers: ConsumerRow[] = [];
  for (const row of rows) {
    switch (row.kind) {
      case 'connection':
        channels = [];
        clients.push({ ...row, rates: ratesOf(row), channelList: channels });
        break;
      case 'channel':
        consumers = [];
        channels.push({ ...row, consumerList: consumers });
        break;
      case 'consumer':
        consumers.push(row);
        break;
      default:
        row satisfies never;
    }
  }
  return clients;
}
