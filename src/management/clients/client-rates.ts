/** Rates of connections and of their channels, from the rows that workers tell. */
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { ChannelRow, ConnectionRow } from '../../connection/inspection/rows.js';
import type { Client, ClientRates, RatesOfRows } from './client.js';
import { Rates } from './rates.js';

export class ClientsRates {
  readonly #connections = new Rates<ConnectionId>();
  readonly #channels = new Rates<string>();

  /** As last sampled. */
  readonly known: RatesOfRows = {
    connection: ({ id }) => ofConnection(this.#connections.of(id)),
    channel: (row, connection) => this.#channels.of(keyOf(connection, row)),
  };

  /** Samples what it is time for (`now` in ms). */
  sampling(now: number): RatesOfRows {
    return {
      connection: (row) => ofConnection(this.#connections.sample(row.id, [row.received, row.sent, ...row.counts], now)),
      channel: (row, connection) => this.#channels.sample(keyOf(connection, row), row.counts, now),
    };
  }

  /** All others are gone; `withChannels`: of the channels, too. */
  keepOnly(clients: readonly Client[], withChannels: boolean): void {
    this.#connections.keepOnly(new Set(clients.map(({ id }) => id)));
    if (!withChannels) return;
    this.#channels.keepOnly(
      new Set(clients.flatMap((client) => client.channelList.map((channel) => keyOf(client, channel)))),
    );
  }

  /** Nobody looks at them any more. */
  forgetChannels(): void {
    this.#channels.keepOnly(new Set());
  }
}

function ofConnection([received = 0, sent = 0, ...counts]: readonly number[]): ClientRates {
  return { received, sent, counts };
}

function keyOf({ id }: Pick<ConnectionRow, 'id'>, { number }: Pick<ChannelRow, 'number'>): string {
  return `${id}/${number}`;
}
