/** JSON that people write into a form. */

/** What is written, as an object, or nothing as an empty one; a text says what is wrong with it. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | string {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    return 'This must be a JSON object.';
  } catch {
    return 'This is no JSON.';
  }
}
