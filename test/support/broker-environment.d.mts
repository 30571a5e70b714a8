export function brokerEnvironment(): Record<string, string | undefined>;
