/** `leveret/testing` for `require`: the same. */
import type * as testing from './index.js' with { 'resolution-mode': 'import' };

export type * from './index.js' with { 'resolution-mode': 'import' };
export declare const TestBroker: typeof testing.TestBroker;
export declare const TestExchange: typeof testing.TestExchange;
export declare const TestQueue: typeof testing.TestQueue;
export declare const TestVhost: typeof testing.TestVhost;
export declare const Faults: typeof testing.Faults;
export declare const useBroker: typeof testing.useBroker;
export declare const useVhost: typeof testing.useVhost;
