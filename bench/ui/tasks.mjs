/**
 * What people do at the page of a broker, on Leveret's and on RabbitMQ's: each task from the overview on, as somebody
 * does it who knows the page. A step is a click, a field that is filled, or something chosen; typing is one step.
 */

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */

export class Steps {
  count = 0;
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }
  /** @param {Locator} target */
  async click(target) {
    this.count += 1;
    await target.click();
  }
  /** @param {Locator} target @param {string} text */
  async fill(target, text) {
    this.count += 1;
    await target.fill(text);
  }
  /** @param {Locator} target @param {string} option */
  async choose(target, option) {
    this.count += 1;
    await target.selectOption(option);
  }
}

/** @typedef {(steps: Steps) => Promise<void>} Task */

/** @param {Steps} steps @param {string} name */
const button = ({ page }, name) => page.getByRole('button', { name, exact: true });
/** @param {Steps} steps @param {string} name */
const link = ({ page }, name) => page.getByRole('link', { name, exact: true });
/** @param {Steps} steps @param {string} name */
const label = ({ page }, name) => page.getByLabel(name, { exact: true });
/** @param {Steps} steps @param {string} name */
const inDialog = ({ page }, name) => page.getByRole('dialog').getByRole('button', { name, exact: true });
/** @param {Steps} steps @param {string} label @param {string} name */
const field = ({ page }, label) => page.getByRole('dialog').getByLabel(label, { exact: true });

/** @param {Steps} steps @param {string} name */
async function openQueue(steps, name) {
  await steps.click(link(steps, 'Queues'));
  await steps.click(link(steps, name));
}

/** @param {Steps} steps @param {string} name */
async function openAdmin(steps, name) {
  await steps.click(link(steps, 'Admin'));
  await steps.click(steps.page.getByRole('main').getByRole('link', { name, exact: true }).first());
}

/** @type {Readonly<Record<string, Task>>} */
export const LEVERET = {
  'find a queue by its name': async (steps) => {
    await steps.click(link(steps, 'Queues'));
    await steps.fill(steps.page.getByRole('searchbox'), 'find');
    await steps.click(link(steps, 'find-me'));
    await steps.page.getByRole('heading', { name: 'find-me' }).waitFor();
  },
  'learn why nothing moves in it': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.page.getByText('consumer').first().waitFor();
  },
  'declare a queue with a length limit': async (steps) => {
    await steps.click(link(steps, 'Queues'));
    await steps.click(button(steps, 'Add a queue'));
    await steps.fill(field(steps, 'Name'), 'new');
    await steps.fill(field(steps, 'Most messages'), '1000');
    await steps.click(inDialog(steps, 'Add'));
    await link(steps, 'new').waitFor();
  },
  'bind it to an exchange': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(steps.page.getByRole('tab', { name: 'Bindings' }));
    await steps.fill(label(steps, 'Exchange'), 'amq.topic');
    await steps.fill(label(steps, 'Routing key'), 'key');
    await steps.click(button(steps, 'Bind'));
    await steps.page.getByText('amq.topic leads to find-me now').waitFor();
  },
  'publish a message to a queue': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(steps.page.getByRole('tab', { name: 'Publish' }));
    await steps.fill(steps.page.getByRole('textbox', { name: 'Body' }), 'hello');
    await steps.click(button(steps, 'Publish'));
    await steps.page.getByText('the message is in find-me').waitFor();
  },
  'look at what is first in a queue': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(steps.page.getByRole('tab', { name: 'Messages' }));
    await steps.click(button(steps, 'Look'));
    await steps.page.getByText('looked at').first().waitFor();
  },
  'find a message by what it says': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(steps.page.getByRole('tab', { name: 'Messages' }));
    await steps.fill(label(steps, 'Search for'), 'needle');
    await steps.click(button(steps, 'Search'));
    await steps.page.getByText('looked at').first().waitFor();
  },
  'move all messages to another queue': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(steps.page.getByRole('tab', { name: 'Move' }));
    await steps.fill(label(steps, 'Queue'), 'other');
    await steps.click(button(steps, 'Move'));
    await steps.page.getByText('the move has begun').waitFor();
  },
  'purge a queue': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(button(steps, 'Purge'));
    await steps.click(inDialog(steps, 'Purge'));
    await steps.page.getByText('queue find-me is empty').waitFor();
  },
  'purge the first hundred messages of a queue': async (steps) => {
    await openQueue(steps, 'find-me');
    await steps.click(button(steps, 'Purge'));
    await steps.fill(field(steps, 'Only the first'), '100');
    await steps.click(inDialog(steps, 'Purge'));
    await steps.page.getByText('the first 100 of queue find-me are gone').waitFor();
  },
  'see who takes messages, from all queues': async (steps) => {
    await steps.click(link(steps, 'Consumers'));
    await steps.page.getByRole('heading', { name: 'Consumers', exact: true }).waitFor();
  },
  'delete three queues': async (steps) => {
    await steps.click(link(steps, 'Queues'));
    for (const name of ['old-1', 'old-2', 'old-3'])
      await steps.click(steps.page.getByRole('checkbox', { name: `Choose / ${name}`, exact: true }));
    await steps.click(button(steps, 'Delete'));
    await steps.click(inDialog(steps, 'Delete'));
    await steps.page.getByText('3 rows deleted').waitFor();
  },
  'close a connection': async (steps) => {
    await steps.click(link(steps, 'Connections'));
    await steps.click(steps.page.locator('[data-row]').first());
    await steps.click(button(steps, 'Close'));
    await steps.click(inDialog(steps, 'Close it'));
    await steps.page.getByText('The connection is closed').waitFor();
  },
  'add a user with all rights in a vhost': async (steps) => {
    await openAdmin(steps, 'Users');
    await steps.click(button(steps, 'Add a user'));
    await steps.fill(field(steps, 'Name'), 'ann');
    await steps.fill(field(steps, 'Password'), 'secret');
    await steps.fill(field(steps, 'Password again'), 'secret');
    await steps.choose(field(steps, 'All rights in'), '/');
    await steps.click(inDialog(steps, 'Add user'));
    await steps.page.getByRole('button', { name: 'Change rights in /' }).waitFor();
  },
  'limit the length of all queues of a prefix': async (steps) => {
    await openAdmin(steps, 'Policies');
    await steps.click(link(steps, 'Add a policy'));
    await steps.fill(label(steps, 'Name'), 'short');
    await steps.fill(label(steps, 'Pattern'), '^find');
    await steps.click(label(steps, 'max-length'));
    await steps.fill(label(steps, 'Value of max-length'), '1000');
    await steps.click(button(steps, 'Save policy'));
    await steps.page.getByText('short is in force').waitFor();
  },
  'add a vhost': async (steps) => {
    await openAdmin(steps, 'Vhosts');
    await steps.click(button(steps, 'Add a vhost'));
    await steps.fill(field(steps, 'Name'), 'eu');
    await steps.click(inDialog(steps, 'Add vhost'));
    await steps.page.getByRole('heading', { name: 'Vhost eu' }).waitFor();
  },
  'limit the queues of a vhost': async (steps) => {
    await openAdmin(steps, 'Limits');
    await steps.click(button(steps, 'Limit a vhost'));
    await steps.click(inDialog(steps, 'Next'));
    await steps.fill(field(steps, 'Queues'), '500');
    await steps.click(inDialog(steps, 'Save limits'));
    await steps.page.getByText('at most 500').waitFor();
  },
  'save all definitions': async (steps) => {
    await openAdmin(steps, 'Definitions');
    await Promise.all([steps.page.waitForEvent('download'), steps.click(button(steps, 'Download'))]);
  },
  'see how a vhost is wired': async (steps) => {
    await steps.click(link(steps, 'Topology'));
    await steps.page.getByRole('application').waitFor();
  },
  'follow the log': async (steps) => {
    await steps.click(link(steps, 'Log'));
    await steps.page.getByRole('heading', { name: 'Log', exact: true }).waitFor();
  },
  'see whether all is well': async (steps) => {
    await steps.page.getByText('All is well.').waitFor();
  },
};

/** Sections of RabbitMQ's page are closed until somebody opens them, and stay as they were left. @param {Steps} steps @param {string} name */
const section = ({ page }, name) => page.locator('h2', { hasText: name }).first();
/** @param {Steps} steps @param {string} name */
const tab = ({ page }, name) => page.locator('#tabs').getByRole('link', { name, exact: true });
/** @param {Steps} steps @param {string} value */
const submit = ({ page }, value) => page.locator(`input[type=submit][value="${value}"]`).first();

/** @param {Steps} steps @param {string} name */
async function openRabbitQueue(steps, name) {
  await steps.click(tab(steps, 'Queues'));
  await steps.click(steps.page.locator('table.list').getByRole('link', { name, exact: true }));
}

/** @param {Steps} steps @param {string} name */
async function openRabbitAdmin(steps, name) {
  await steps.click(tab(steps, 'Admin'));
  if (name !== 'Users') await steps.click(steps.page.locator('#rhs').getByRole('link', { name, exact: true }));
}

/** @type {Readonly<Record<string, Task>>} */
export const RABBITMQ = {
  'find a queue by its name': async (steps) => {
    await steps.click(tab(steps, 'Queues'));
    await steps.fill(steps.page.locator('#filter, #queues-name').first(), 'find');
    await steps.click(steps.page.locator('table.list').getByRole('link', { name: 'find-me', exact: true }));
    await steps.page.locator('h1', { hasText: 'find-me' }).waitFor();
  },
  'declare a queue with a length limit': async (steps) => {
    await steps.click(tab(steps, 'Queues'));
    await steps.click(section(steps, 'Add a new queue'));
    await steps.fill(steps.page.locator('form[action="#/queues"][method=put] input[name=name]'), 'new');
    await steps.click(steps.page.locator('.argument-link[key="x-max-length"]'));
    await steps.fill(steps.page.locator('input[name=arguments_1_mfvalue]'), '1000');
    await steps.choose(steps.page.locator('select[name=arguments_1_mftype]'), 'number');
    await steps.click(submit(steps, 'Add queue'));
    await steps.page.locator('table.list').getByRole('link', { name: 'new', exact: true }).waitFor();
  },
  'bind it to an exchange': async (steps) => {
    await openRabbitQueue(steps, 'find-me');
    await steps.click(section(steps, 'Bindings'));
    await steps.fill(steps.page.locator('form[action="#/bindings"] input[name=source]'), 'amq.topic');
    await steps.fill(steps.page.locator('form[action="#/bindings"] input[name=routing_key]'), 'key');
    await steps.click(submit(steps, 'Bind'));
  },
  'publish a message to a queue': async (steps) => {
    await openRabbitQueue(steps, 'find-me');
    await steps.click(section(steps, 'Publish message'));
    await steps.fill(steps.page.locator('textarea[name=payload]'), 'hello');
    await steps.click(submit(steps, 'Publish message'));
    await steps.page.getByText('Message published').waitFor();
  },
  'look at what is first in a queue': async (steps) => {
    await openRabbitQueue(steps, 'find-me');
    await steps.click(section(steps, 'Get messages'));
    await steps.click(submit(steps, 'Get Message(s)'));
    await steps.page.locator('#msg-wrapper').getByText('Payload').first().waitFor();
  },
  'purge a queue': async (steps) => {
    await openRabbitQueue(steps, 'find-me');
    await steps.click(section(steps, 'Purge'));
    await steps.click(submit(steps, 'Purge Messages'));
  },
  'purge the first hundred messages of a queue': async (steps) => {
    await openRabbitQueue(steps, 'find-me');
    await steps.click(section(steps, 'Get messages'));
    await steps.choose(steps.page.locator('select[name=ackmode]'), 'ack_requeue_false');
    await steps.fill(steps.page.locator('input[name=count]'), '100');
    await steps.click(submit(steps, 'Get Message(s)'));
    await steps.page.locator('#msg-wrapper').getByText('Payload').first().waitFor();
  },
  'delete three queues': async (steps) => {
    for (const name of ['old-1', 'old-2', 'old-3']) {
      await openRabbitQueue(steps, name);
      await steps.page.locator('h1', { hasText: name }).waitFor();
      const isOpen = await submit(steps, 'Delete Queue').isVisible();
      if (!isOpen) await steps.click(section(steps, 'Delete'));
      // And once more, in the browser's own question.
      steps.count += 1;
      await steps.click(submit(steps, 'Delete Queue'));
      await steps.page.locator('h1', { hasText: 'Queues' }).waitFor();
    }
  },
  'close a connection': async (steps) => {
    await steps.click(tab(steps, 'Connections'));
    await steps.click(steps.page.locator('table.list td a').first());
    await steps.click(section(steps, 'Close this connection'));
    // And once more, in the browser's own question.
    steps.count += 1;
    await steps.click(submit(steps, 'Force Close'));
    await steps.page.locator('h1', { hasText: 'Connections' }).waitFor();
  },
  'add a user with all rights in a vhost': async (steps) => {
    await openRabbitAdmin(steps, 'Users');
    await steps.click(section(steps, 'Add a user'));
    await steps.fill(steps.page.locator('input[name=username]'), 'ann');
    await steps.fill(steps.page.locator('input[name=password]').first(), 'secret');
    await steps.fill(steps.page.locator('input[name=password_confirm]').first(), 'secret');
    await steps.click(submit(steps, 'Add user'));
    await steps.click(steps.page.getByRole('link', { name: 'ann', exact: true }));
    await steps.click(submit(steps, 'Set permission'));
  },
  'limit the length of all queues of a prefix': async (steps) => {
    await openRabbitAdmin(steps, 'Policies');
    await steps.click(section(steps, 'Add / update a policy'));
    const form = steps.page.locator('form[action="#/policies"]').first();
    await steps.fill(form.locator('input[name=name]'), 'short');
    await steps.fill(form.locator('input[name=pattern]'), '^find');
    await steps.click(form.locator('.argument-link', { hasText: 'Max length' }).first());
    await steps.fill(form.locator('input[name=definition_1_mfvalue]'), '1000');
    await steps.choose(form.locator('select[name=definition_1_mftype]'), 'number');
    await steps.click(form.locator('input[type=submit]'));
    await steps.page.getByRole('link', { name: 'short', exact: true }).waitFor();
  },
  'add a vhost': async (steps) => {
    await openRabbitAdmin(steps, 'Virtual Hosts');
    await steps.click(section(steps, 'Add a new virtual host'));
    await steps.fill(steps.page.locator('input[name=name]').first(), 'eu');
    await steps.click(submit(steps, 'Add virtual host'));
    await steps.page.locator('table.list').getByRole('link', { name: 'eu', exact: true }).waitFor();
  },
  'limit the queues of a vhost': async (steps) => {
    await openRabbitAdmin(steps, 'Limits');
    // Its form stands open, unlike others.
    const form = steps.page.locator('form[action="#/limits"]').first();
    await steps.choose(form.locator('select[name=name]'), 'max-queues');
    await steps.fill(form.locator('input[name=value]'), '500');
    await steps.click(form.locator('input[type=submit]'));
    await steps.page.locator('table.list td', { hasText: '500' }).first().waitFor();
  },
  'save all definitions': async (steps) => {
    await steps.click(section(steps, 'Export definitions'));
    await Promise.all([
      steps.page.waitForEvent('download'),
      steps.click(steps.page.getByRole('button', { name: 'Download broker definitions' })),
    ]);
  },
};
