/** Parameters of vhosts and of the broker. */
import { isParameterComponent, noSuchComponent } from '../../../../broker/policies/parameter-components.js';
import { type Api, at, isMissing } from '../../api.js';
import { type CtlCommand, CtlError, DONE, EXIT, type Outcome, one, type Row } from '../../command.js';
import { missing, missingIn } from '../../missing.js';
import { existingVhost } from '../topology/vhosts.js';
import { jsonOf } from './json.js';

export const PARAMETER_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'set_parameter',
    subject: 'Parameters',
    summary: 'sets a parameter of a component in a vhost, a value in JSON',
    arguments: [one('component'), one('name'), one('value')],
    isInVhost: true,
    banner: ({ vhost, argument }) =>
      `Setting runtime parameter "${argument('name')}" for component "${argument('component')}" ` +
      `to "${argument('value')}" in vhost "${vhost}" ...`,
    run: async ({ vhost, argument }, api) => {
      const [component, name, value] = [argument('component'), argument('name'), jsonOf(argument('value'))];
      // That is said whether there is such a vhost or not.
      if (!isParameterComponent(component)) throw new CtlError(EXIT.UNAVAILABLE, noSuchComponent(component));
      await existingVhost(api, vhost);
      await api.put(at('parameters', component, vhost, name), { component, vhost, name, value });
      return DONE;
    },
  },
  {
    name: 'clear_parameter',
    subject: 'Parameters',
    summary: 'clears a parameter',
    arguments: [one('component'), one('name')],
    isInVhost: true,
    banner: ({ vhost, argument }) =>
      `Clearing runtime parameter "${argument('name')}" for component "${argument('component')}" ` +
      `on vhost "${vhost}" ...`,
    run: ({ vhost, argument }, api) => {
      const [component, name] = [argument('component'), argument('name')];
      const what = `parameter '${name}' of component '${component}'`;
      return clear(api, at('parameters', component, vhost, name), () => missingIn(api, vhost, what, 'cleared'));
    },
  },
  {
    name: 'list_parameters',
    subject: 'Parameters',
    summary: 'lists the parameters of a vhost',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Listing runtime parameters for vhost "${vhost}" ...`,
    run: async ({ vhost }, api) => {
      await existingVhost(api, vhost);
      const all = await api.get<readonly Row[]>(at('parameters'));
      return told(
        ['component', 'name', 'value'],
        all.filter(({ vhost: of }) => of === vhost),
      );
    },
  },
  {
    name: 'set_global_parameter',
    subject: 'Parameters',
    summary: 'sets a parameter of the broker, a value in JSON',
    arguments: [one('name'), one('value')],
    banner: ({ argument }) => `Setting global runtime parameter "${argument('name')}" to "${argument('value')}" ...`,
    run: async ({ argument }, api) => {
      const [name, value] = [argument('name'), jsonOf(argument('value'))];
      await api.put(at('global-parameters', name), { name, value });
      return DONE;
    },
  },
  {
    name: 'clear_global_parameter',
    subject: 'Parameters',
    summary: 'clears a parameter of the broker',
    arguments: [one('name')],
    banner: ({ argument }) => `Clearing global runtime parameter "${argument('name')}" ...`,
    run: ({ argument }, api) => {
      const name = argument('name');
      return clear(api, at('global-parameters', name), () => missing(`global parameter '${name}'`, 'cleared'));
    },
  },
  {
    name: 'list_global_parameters',
    subject: 'Parameters',
    summary: 'lists the parameters of the broker',
    arguments: [],
    banner: () => 'Listing global runtime parameters ...',
    run: async (_given, api) => told(['name', 'value'], await api.get<readonly Row[]>(at('global-parameters'))),
  },
];

function told(columns: readonly string[], all: readonly Row[]): Outcome {
  const rows = all.map(({ value, ...rest }) => ({ ...rest, value: JSON.stringify(value) }));
  return { kind: 'rows', columns, rows, emptyLine: true };
}

async function clear(api: Api, path: string, gone: () => CtlError | Promise<CtlError>): Promise<Outcome> {
  try {
    await api.delete(path);
    return DONE;
  } catch (error) {
    throw isMissing(error) ? await gone() : error;
  }
}
