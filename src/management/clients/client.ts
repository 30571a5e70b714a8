/** Clients as routes find them: the rows that workers tell, each with those below it. */
import type { ChannelRow, ConnectionRow, ConsumerRow, Row } from '../../connection/inspection/rows.js';
import type { Turns } from '../http/turns.js';

/** Growth a second of what a connection or a channel counts; empty while there is but one sample. */
export interface ClientRates {
  /** Of octets. */
  readonly received: number;
  readonly sent: number;
  /** In the order of the row's counts. */
  readonly counts: readonly number[];
}

export interface Client extends ConnectionRow {
  readonly rates: ClientRates;
  /** Empty where nobody has looked so far down. */
  readonly channelList: readonly ClientChannel[];
}

export interface ClientChannel extends ChannelRow {
  /** In the order of the row's counts. */
  readonly rates: readonly number[];
  readonly consumerList: readonly ConsumerRow[];
}

/** Where the rates of rows come from. */
export interface RatesOfRows {
  connection(row: ConnectionRow): ClientRates;
  channel(row: ChannelRow, connection: ConnectionRow): readonly number[];
}

/** A channel's row comes behind that of its connection, a consumer's behind that of its channel. */
export async function gathered(rows: readonly Row[], rates: RatesOfRows, turns: Turns): Promise<Client[]> {
  const clients: Client[] = [];
  let connection: ConnectionRow | undefined;
  let channels: ClientChannel[] = [];
  let consumers: ConsumerRow[] = [];
  for (const row of rows) {
    if (turns.isOver) await turns.next();
    switch (row.kind) {
      case 'connection':
        channels = [];
        connection = row;
        clients.push({ ...row, rates: rates.connection(row), channelList: channels });
        break;
      case 'channel':
        consumers = [];
        if (connection === undefined) throw new Error('a channel came without its connection');
        channels.push({ ...row, rates: rates.channel(row, connection), consumerList: consumers });
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
