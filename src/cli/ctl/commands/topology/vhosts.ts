/** Vhosts: which there are, made and deleted. */
import { type Api, at } from '../../api.js';
import { type CtlCommand, CtlError, DONE, EXIT, one, type Row, rows, several } from '../../command.js';

export const VHOST_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'add_vhost',
    subject: 'Virtual hosts',
    summary: 'makes a vhost',
    arguments: [one('vhost')],
    options: {
      description: { value: 'TEXT', help: 'what it is for' },
      tags: { value: 'TAGS', help: 'tags, with commas between them' },
      'default-queue-type': { value: 'TYPE', help: 'the type of queues that are declared without one' },
    },
    banner: ({ argument }) => `Adding vhost "${argument('vhost')}" ...`,
    run: async ({ argument, option }, api) => {
      const body = {
        description: option('description'),
        tags: option('tags'),
        default_queue_type: option('default-queue-type'),
      };
      await api.put(at('vhosts', argument('vhost')), body);
      return DONE;
    },
  },
  {
    name: 'set_vhost_tags',
    subject: 'Virtual hosts',
    summary: 'gives a vhost these tags, and no others',
    arguments: [one('vhost'), several('tag')],
    banner: ({ argument, several: tags }) =>
      `Setting tags for virtual host "${argument('vhost')}" to [${tags.join(', ')}] ...`,
    run: async ({ argument, several: tags }, api) => {
      const vhost = await api.find<Row>(at('vhosts', argument('vhost')));
      if (vhost === null) throw noVhost(argument('vhost'));
      const { description, default_queue_type: type, tracing } = vhost;
      await api.put(at('vhosts', argument('vhost')), { description, default_queue_type: type, tracing, tags });
      return DONE;
    },
  },
  {
    name: 'delete_vhost',
    subject: 'Virtual hosts',
    summary: 'deletes a vhost with all that is in it',
    arguments: [one('vhost')],
    banner: ({ argument }) => `Deleting vhost "${argument('vhost')}" ...`,
    run: async ({ argument }, api) => {
      await existingVhost(api, argument('vhost'));
      await api.delete(at('vhosts', argument('vhost')));
      return DONE;
    },
  },
  {
    name: 'enable_vhost_deletion_protection',
    subject: 'Virtual hosts',
    summary: 'protects a vhost from being deleted, until that is taken back',
    arguments: [one('vhost')],
    banner: ({ argument }) => `Protecting virtual host "${argument('vhost')}" from removal by updating its metadata...`,
    run: async ({ argument }, api) => {
      await existingVhost(api, argument('vhost'));
      await api.post(at('vhosts', argument('vhost'), 'deletion', 'protection'));
      return DONE;
    },
  },
  {
    name: 'disable_vhost_deletion_protection',
    subject: 'Virtual hosts',
    summary: 'has a vhost be deleted as any other',
    arguments: [one('vhost')],
    banner: ({ argument }) =>
      `Removing deletion protection from virtual host "${argument('vhost')}" by updating its metadata...`,
    run: async ({ argument }, api) => {
      await existingVhost(api, argument('vhost'));
      await api.delete(at('vhosts', argument('vhost'), 'deletion', 'protection'));
      return DONE;
    },
  },
  {
    name: 'list_vhosts',
    subject: 'Virtual hosts',
    summary: 'lists vhosts',
    arguments: [],
    columns: { standard: ['name'], others: ['tracing', 'description', 'tags', 'default_queue_type', 'metadata'] },
    banner: () => 'Listing vhosts ...',
    run: async ({ several }, api) => rows(several, await api.get<readonly Row[]>(at('vhosts'))),
  },
];

/** Refuses what rabbitmqctl refuses before it asks the broker. */
export async function existingVhost(api: Api, vhost: string): Promise<void> {
  if ((await api.find(at('vhosts', vhost))) === null) throw noVhost(vhost);
}

function noVhost(vhost: string): CtlError {
  return new CtlError(EXIT.DATA, `Virtual host '${vhost}' does not exist`, false);
}
