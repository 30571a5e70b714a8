/** Two Moleculer nodes that reach each other by AMQP alone: calls, balanced events, broadcasts. The broker is here too. */
import { Broker } from 'leveret';
import { ServiceBroker } from 'moleculer';

const CALLS = 20;
const broker = await Broker.start();
const transporter = broker.url;

/** Resolves when so many events have come, with what was said of each. */
function listener(count) {
  const said = [];
  let come = () => {};
  const all = new Promise((resolve) => {
    come = resolve;
  });
  return {
    all,
    hear(text) {
      said.push(text);
      if (said.length === count) come(said.sort());
    },
  };
}

const balanced = listener(4);
const told = listener(2);

function node(nodeID) {
  const node = new ServiceBroker({ nodeID, transporter, logger: false });
  node.createService({
    name: 'sums',
    actions: {
      add: ({ params: { a, b } }) => ({ sum: a + b, by: nodeID }),
      fail() {
        throw new Error('it was asked to');
      },
    },
    events: {
      'order.placed': (ctx) => balanced.hear(`order ${ctx.params.order}`),
      'shop.closed': (ctx) => told.hear(`${nodeID} closes ${ctx.params.shop}`),
    },
  });
  return node;
}

const nodes = [node('north'), node('south')];
const caller = new ServiceBroker({ nodeID: 'caller', transporter, logger: false });
const known = listener(nodes.length);
caller.createService({ name: 'caller', events: { '$node.connected': (ctx) => known.hear(ctx.params.node.id) } });
await caller.start();
await Promise.all(nodes.map((one) => one.start()));
await known.all;

const answers = await Promise.all(Array.from({ length: CALLS }, (_, a) => caller.call('sums.add', { a, b: 1 })));
console.log(`added: ${answers.every(({ sum }, a) => sum === a + 1)}`);
console.log(`by: ${[...new Set(answers.map(({ by }) => by))].sort().join(', ')}`);
await caller.call('sums.fail').catch((error) => console.log(`failed: ${error.message}`));
for (let order = 1; order <= 4; order++) await caller.emit('order.placed', { order });
for (const line of await balanced.all) console.log(line);
await caller.broadcast('shop.closed', { shop: 'theirs' });
for (const line of await told.all) console.log(line);

await Promise.all([...nodes, caller].map((one) => one.stop()));
await broker.stop();
