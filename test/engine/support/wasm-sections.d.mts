export function exportedParameters(octets: Uint8Array): Map<string, readonly string[]>;
