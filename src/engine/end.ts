/**
 * The end of a core by a defect: from now on every call of this participant throws. Whatever may still call it (a
 * timer, a socket, a promise) does no harm to what others share, nor waits for a lock that nobody gives back.
 */
import type { Engine } from './engine.js';

class EndedCore extends Error {
  override readonly name = 'EndedCore';
}

function refuse(): never {
  throw new EndedCore('the core is not called any more, after a defect');
}

export function endEngine(engine: Engine): void {
  for (let owner: object | null = engine; owner !== null && owner !== Object.prototype; owner = protoOf(owner)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value === 'function' && name !== 'constructor') Object.defineProperty(engine, name, { value: refuse });
    }
  }
}

function protoOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}
