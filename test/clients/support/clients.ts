/** The client libraries that every story is told with. */
import { amqpClient } from './amqp-client.js';
import { amqplib } from './amqplib.js';
import type { Client } from './client.js';
import { rabbitmqClient } from './rabbitmq-client.js';

export const clients: readonly Client[] = [amqplib, rabbitmqClient, amqpClient];
