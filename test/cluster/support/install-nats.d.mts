export function natsServer(): string;
