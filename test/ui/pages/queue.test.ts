/** The page of one queue, in a browser. */
import { afterEach, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();
const NAME = 'orders';

afterEach(async () => {
  for (const name of [NAME, 'target']) await site().api.delete(`/queues/%2F/${name}`);
});

/** A queue with these messages. */
async function filled(...payloads: readonly string[]): Promise<void> {
  const { api } = site();
  await api.put(`/queues/%2F/${NAME}`, { durable: true, arguments: { 'x-max-length': 1000 } });
  for (const payload of payloads) {
    const properties = { content_type: 'application/json', headers: { tenant: 'blue' } };
    await api.post('/exchanges/%2F/amq.default/publish', {
      ...{ payload, payload_encoding: 'string', routing_key: NAME, properties },
    });
  }
}

const lengthOf = async (name: string): Promise<unknown> =>
  ((await site().api.get(`/queues/%2F/${name}?columns=messages`)).json as { messages?: number }).messages;

test('what is the matter with it is said in the words of the API', async () => {
  await filled('{"n": 1}', '{"n": 2}');
  const page = await site().signedIn(`/queues/%2F/${NAME}`);
  const { json } = await site().api.get(`/queues/%2F/${NAME}/explain`);
  const { statements } = json as { statements: { code: string; text: string }[] };
  const nobody = statements.find(({ code }) => code === 'no-consumers');
  await page.getByText(nobody?.text ?? 'no such statement').waitFor();
  await page.locator('.plot canvas').first().waitFor();
  await checkPage(page, 'queue');
});

test('messages are looked at and searched without being taken, and got', async () => {
  await filled('{"n": "first"}', '{"n": "second"}');
  const page = await site().signedIn(`/queues/%2F/${NAME}?tab=messages`);
  await page.getByRole('button', { name: 'Look' }).click();
  await page.getByText('2 messages of 2 messages looked at').waitFor();
  await page.getByLabel('Search for').fill('second');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('1 message of 2 messages looked at').waitFor();
  await checkPage(page, 'queue-messages');
  expect(await lengthOf(NAME)).toBe(2);
  await page.getByLabel('How many').fill('0');
  await page.getByText('This must be a whole number from 1 to 9999.').waitFor();
  await page.getByLabel('How many').fill('1');
  await page.getByLabel('What becomes of them').selectOption('ack_requeue_false');
  await page.getByRole('button', { name: 'Get' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take' }).click();
  await page.getByText('1 message taken, then gone for good').waitFor();
  expect(await lengthOf(NAME)).toBe(1);
});

test('an exchange is bound, drawn and unbound; one that is not there is told in the words of the API', async () => {
  await filled();
  const page = await site().signedIn(`/queues/%2F/${NAME}?tab=bindings`);
  await page.getByLabel('Exchange', { exact: true }).fill('none');
  await page.getByRole('button', { name: 'Bind', exact: true }).click();
  await page.getByText("no exchange 'none' in vhost '/'").waitFor();
  await page.getByLabel('Exchange', { exact: true }).fill('amq.topic');
  await page.getByLabel('Routing key').fill('orders.*');
  await page.getByRole('button', { name: 'Bind', exact: true }).click();
  await page.getByRole('img', { name: /amq\.topic by orders\.\*/ }).waitFor();
  await checkPage(page, 'queue-bindings');
  await page.getByRole('button', { name: 'Take away' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
  await page.getByText('No exchange leads here.').waitFor();
});

test('a message is published with headers, and moved to another queue', async () => {
  await filled();
  await site().api.put('/queues/%2F/target', { durable: true });
  const page = await site().signedIn(`/queues/%2F/${NAME}?tab=publish`);
  await page.getByLabel('Headers').fill('{"tries":');
  await page.getByText('This is no JSON.').waitFor();
  await page.getByLabel('Headers').fill('{"tries": 1}');
  await page.getByRole('textbox', { name: 'Body' }).fill('hello');
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByText(`the message is in ${NAME}`).waitFor();
  await checkPage(page, 'queue-publish');
  await page.getByRole('tab', { name: 'Move' }).click();
  await page.getByLabel('Queue', { exact: true }).fill('nowhere');
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  await page.getByText("no queue 'nowhere' in vhost '/'").waitFor();
  await page.getByLabel('Queue', { exact: true }).fill('target');
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  await page.getByRole('cell', { name: 'done' }).waitFor();
  await checkPage(page, 'queue-move');
  expect(await lengthOf('target')).toBe(1);
  const { json } = await site().api.get('/queues/%2F/target/messages');
  expect(json).toMatchObject({ messages: [{ payload: 'hello', properties: { headers: { tries: 1 } } }] });
});

test('it is paused and goes on, is purged, and deleted after a question', async () => {
  await filled('a');
  const page = await site().signedIn(`/queues/%2F/${NAME}`);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Purge' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).click();
  await page.getByText(`queue ${NAME} is empty`).waitFor();
  expect(await lengthOf(NAME)).toBe(0);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  expect((await site().api.get(`/queues/%2F/${NAME}`)).status).toBe(404);
});

test('so many as are asked for are purged, the first, and a number that is none is told of at its field', async () => {
  await filled('a', 'b', 'c');
  const page = await site().signedIn(`/queues/%2F/${NAME}`);
  await page.getByRole('button', { name: 'Purge' }).click();
  const dialog = page.getByRole('dialog', { name: `Purge ${NAME}?` });
  await dialog.getByLabel('Only the first').fill('two');
  await dialog.getByText('This must be a whole number from 1 on.').waitFor();
  await checkPage(page, 'queue-purge');
  await page.keyboard.press('Enter');
  expect(await dialog.getByRole('button', { name: 'Purge' }).getAttribute('aria-disabled')).toBe('true');
  expect(await lengthOf(NAME)).toBe(3);
  await dialog.getByLabel('Only the first').fill('2');
  await dialog.getByRole('button', { name: 'Purge' }).click();
  await page.getByText(`the first 2 of queue ${NAME} are gone`).waitFor();
  await dialog.waitFor({ state: 'detached' });
  expect(await lengthOf(NAME)).toBe(1);
});

test('the policy in force is told, with the limit of the operator', async () => {
  await filled();
  await site().api.put('/policies/%2F/short', { pattern: NAME, definition: { 'max-length': 50 } });
  const page = await site().signedIn(`/queues/%2F/${NAME}?tab=details`);
  await page.getByRole('row', { name: 'max-length 50' }).waitFor();
  await checkPage(page, 'queue-details');
});

test('a queue that is not there says so', async () => {
  const page = await site().signedIn('/queues/%2F/gone');
  await page.getByText('There is no queue gone in the vhost /.').waitFor();
});
