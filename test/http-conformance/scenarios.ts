/** All scenarios, by what they are about. What they make they take away again. */
import type { Scenario } from './scenario.js';
import { ACCESS } from './scenarios/access.js';
import { NODE } from './scenarios/node.js';
import { RULES } from './scenarios/rules.js';
import { TOPOLOGY } from './scenarios/topology.js';

export const SCENARIOS: readonly Scenario[] = [...ACCESS, ...NODE, ...TOPOLOGY, ...RULES];
