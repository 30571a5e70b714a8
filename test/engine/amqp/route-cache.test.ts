/** The routes that a core remembers: those that are in use stay, however many others come and go. */
import { describe, expect, test } from 'vitest';
import { NO_FEATURES, RouteFlag, Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';
import { scenario, text } from '../support/scenario.js';

/** More than any core remembers. */
const MANY = 60_000;
/** Publishes with new keys between two with one that is in use. */
const BETWEEN = 50;

describe.each(ENGINES)('%s', (kind) => {
  test('a key that is in use stays known while a flood of others passes', async () => {
    const { engine, publisher, queue } = await scenario(kind);
    engine.setFeatures(queue, { ...NO_FEATURES, maxLength: 1 });
    /** Publishes under a key; returns whether the core had to ask for its route. */
    const isAsked = (key: string): boolean => {
      const bytes = publish(1, key, text('x'));
      engine.bytes.set(bytes, engine.readOffset);
      const stop = engine.ingest(publisher.core, engine.readOffset, bytes.length);
      if (stop !== Stop.ROUTE) return false;
      engine.installRoute(publisher.core, [queue], RouteFlag.STATIC, 0);
      const { consumed } = engine;
      expect(engine.ingest(publisher.core, engine.readOffset + consumed, bytes.length - consumed)).toBe(Stop.END);
      return true;
    };
    expect(isAsked('hot')).toBe(true);
    let asked = 0;
    let askedAgain = 0;
    for (let other = 0; other < MANY; other++) {
      if (isAsked(`other-${other}`)) asked += 1;
      if (other % BETWEEN === 0 && isAsked('hot')) askedAgain += 1;
      if (other % 1_000 === 0) engine.serve();
    }
    expect(asked).toBe(MANY);
    // Two keys that fall into the same places may drive each other out.
    expect(askedAgain).toBeLessThan(5);
    expect(isAsked('other-1')).toBe(true);
  });

  test('a change of the topology makes all be asked for again, in use or not', async () => {
    const { engine, publisher, queue } = await scenario(kind);
    const bytes = publish(1, 'hot', text('x'));
    engine.bytes.set(bytes, engine.readOffset);
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.ROUTE);
    engine.installRoute(publisher.core, [queue], RouteFlag.STATIC, 0);
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.END);
    engine.applyTopology(engine.raiseTopology());
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.ROUTE);
  });
});
