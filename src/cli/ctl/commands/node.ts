/** The broker itself: whether it runs. */
import { at } from '../api.js';
import { type CtlCommand, DONE } from '../command.js';

export const NODE_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'ping',
    subject: 'Node',
    summary: 'tells whether the broker answers',
    arguments: [],
    banner: ({ timeout }) => `Will ping the broker. Timeout: ${timeout} ms.`,
    run: async (_given, api) => {
      await api.get(at('health', 'ready'));
      return { kind: 'text', text: 'Ping succeeded' };
    },
  },
  {
    name: 'await_startup',
    subject: 'Node',
    summary: 'waits until the broker serves',
    arguments: [],
    run: async (_given, api) => {
      await api.get(at('health', 'ready'));
      return DONE;
    },
  },
];
