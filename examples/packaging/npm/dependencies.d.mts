/** docs/dependencies.md, from package-lock.json. */
export function dependenciesDocument(text?: string): string;
