/** What can be measured, in this order. */
export const PARTS = ['engine', 'broker'] as const;
export type Part = (typeof PARTS)[number];
