/**
 * What may not stand in a message's properties, in RabbitMQ's words.
 */
import { expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import { parseExpiration } from '../../src/connection/publishing/expiration.js';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AmqpError && error.code === 406) return error.text.slice('PRECONDITION_FAILED - '.length);
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each([
  ['0', 0],
  ['0005', 5],
  ['+5', 5],
  ['-0', 0],
  ['315360000000', 315_360_000_000],
])('the expiration %j is %i ms', (text, value) => {
  expect(parseExpiration(text)).toBe(value);
});

test.each([
  ['', 'no_integer'],
  ['abc', 'no_integer'],
  [' 5', 'no_integer'],
  ['--1', 'no_integer'],
  ['12x', '{leftover_string,"x"}'],
  ['5.5', '{leftover_string,".5"}'],
  ['5 ', '{leftover_string," "}'],
  ['-1', '{value_negative,-1}'],
  ['315360000001', '{value_too_large,315360000001}'],
])('the expiration %j is refused as %s', (text, reason) => {
  expect(refusal(() => parseExpiration(text))).toBe(`invalid expiration '${text}': ${reason}`);
});
