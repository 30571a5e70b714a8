/** The scenarios: pairs and triples of operations that can meet, and those made by hand. */
import { BY_HAND } from './by-hand.js';
import { IN_LINE } from './in-line.js';
import { pairs, triples } from './meetings.js';
import type { Scenario } from './scenario.js';

export const SCENARIOS: readonly Scenario[] = [...BY_HAND, ...IN_LINE, ...pairs()];
export const TRIPLES: readonly Scenario[] = triples();
