import { expect, test } from '@jest/globals';
import pretty from 'pino-pretty';

import { createLogger } from '../src/logger.ts';

function logging(level = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { logger: createLogger({ level, output: destination }), lines };
}

test('a line is JSON with its level by name and the time in ISO 8601', () => {
  const { logger, lines } = logging();
  logger.warn({ status: 502 }, 'request');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/\n$/);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    status: 502,
    msg: 'request',
  });
});

test('lines below the level are not written', () => {
  const { logger, lines } = logging('warn');
  logger.info('unseen');
  logger.error('seen');
  expect(lines).toHaveLength(1);
});

test('a newline in a value does not begin a new line', () => {
  const { logger, lines } = logging();
  logger.info({ value: 'a\n{"level":"fatal"}' }, 'b\nc');
  expect(lines.join('').trimEnd()).not.toContain('\n');
});

test('of an error only its name, message and stack are written', () => {
  const { logger, lines } = logging();
  const err = Object.assign(new TypeError('failed'), { $response: { body: 'secret' }, config: 'secret' });
  logger.error({ err }, 'request');
  expect(JSON.parse(lines[0] ?? '').err).toEqual({
    type: 'TypeError',
    message: 'failed',
    stack: expect.stringContaining('TypeError: failed'),
  });
});

test('something thrown that is no error is written as it is', () => {
  const { logger, lines } = logging();
  logger.error({ err: 'a text' }, 'request');
  expect(JSON.parse(lines[0] ?? '').err).toBe('a text');
});

test('in development a line is for people', () => {
  const lines: string[] = [];
  const output = { write: (line: string) => lines.push(line) };
  createLogger({ level: 'info', pretty, output }).info({ status: 200 }, 'request');
  expect(lines).toEqual([expect.stringMatching(/INFO.*request.*"?status"?.*200.*\n$/s)]);
});
