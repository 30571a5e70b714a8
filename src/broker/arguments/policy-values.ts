/** The values that policies may give to settings: whole numbers that are not too small, texts, some of a few words. */
type Fits<V> = (value: unknown) => value is V;

export function atLeast(least: number): Fits<number> {
  return (value): value is number => Number.isSafeInteger(value) && Number(value) >= least;
}

export const anyText: Fits<string> = (value) => typeof value === 'string';

export function oneOf(words: readonly string[]): Fits<string> {
  return (value): value is string => (words as readonly unknown[]).includes(value);
}
