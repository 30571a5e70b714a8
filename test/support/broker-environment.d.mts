export function brokerEnvironment(): Record<string, string | undefined>;
export const WITHOUT_HTTP: { readonly LEVERET_HTTP_PORT: '0' };
