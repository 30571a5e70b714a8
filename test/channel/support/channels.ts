/** Channels of this program to a broker that it embeds, closed after each test. */
import { afterEach } from 'vitest';
import type { Channel, ChannelOptions, Message } from '../../../src/index.js';
import { type EmbeddedBroker, useEmbedded } from '../../support/embedded.js';
import { Inbox } from '../../support/waiting.js';

export interface Channels {
  broker(): EmbeddedBroker;
  open(options?: ChannelOptions): Promise<Channel>;
}

export function useChannels(): Channels {
  const broker = useEmbedded();
  const opened: Channel[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((channel) => channel.close()));
  });
  return {
    broker,
    open: async (options) => {
      const channel = await broker().embedded.channel(options);
      opened.push(channel);
      return channel;
    },
  };
}

/** A queue that is gone with its channel. */
export async function ownQueue(channel: Channel): Promise<string> {
  const { queue } = await channel.declareQueue('', { exclusive: true });
  return queue;
}

/** Consumes into an inbox. */
export async function consumeInto(
  channel: Channel,
  queue: string,
  options?: Parameters<Channel['consume']>[2],
): Promise<Inbox<Message>> {
  const inbox = new Inbox<Message>();
  await channel.consume(queue, (message) => inbox.push(message), options);
  return inbox;
}

export function textOf(message: Message | null): string | null {
  return message === null ? null : message.body.toString();
}
