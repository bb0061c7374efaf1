import { expect, test } from '@jest/globals';

import { createLogger } from '../src/logger.ts';
import { announce } from '../src/welcome.ts';

const embedded = { exampleCollections: [{ id: 'example-team', description: 'eight users' }] };
const local = { address: '127.0.0.1', family: 'IPv4', port: 8080 };

function announced(options: {
  production: boolean;
  backend: 'embedded' | 'aws';
  random?: boolean;
  address?: typeof local;
}) {
  const lines: string[] = [];
  const texts: string[] = [];
  const { production, backend, random = false, address = local } = options;
  announce({
    logger: createLogger({
      level: 'info',
      production: true,
      destination: { write: (line: string) => lines.push(line) },
    }),
    config: { production, backend, cursorSecretsAreRandom: random },
    address,
    embedded: backend === 'embedded' ? embedded : undefined,
    write: (text) => texts.push(text),
  });
  return {
    log: lines.map((line) => JSON.parse(line) as { msg: string; url?: string }),
    text: texts.join(''),
  };
}

test('on a laptop it says that the users are examples, names the collections and gives a curl', () => {
  const { log, text } = announced({ production: false, backend: 'embedded' });
  expect(log).toMatchObject([{ msg: 'listening', url: 'http://127.0.0.1:8080', backend: 'embedded' }]);
  expect(text).toContain('over the embedded Rekognition: no AWS account');
  expect(text).toContain(`curl -i 'http://127.0.0.1:8080/collections/example-team/users?maxResults=3'`);
  expect(text).toMatch(/example-team +eight users/);
});

test('over AWS it says so, with a curl for a collection of the reader', () => {
  const { text } = announced({ production: false, backend: 'aws' });
  expect(text).toContain('over Amazon Rekognition');
  expect(text).toContain('/collections/YOUR-COLLECTION/users');
});

test('an IPv6 address is written as a URL needs it', () => {
  const address = { address: '::1', family: 'IPv6', port: 9 };
  expect(announced({ production: false, backend: 'aws', address }).log[0]?.url).toBe('http://[::1]:9');
});

test('in production nothing but log lines is written, and the embedded backend is a warning', () => {
  const { log, text } = announced({ production: true, backend: 'embedded' });
  expect(text).toBe('');
  expect(log.map(({ msg }) => msg)).toEqual([
    'listening',
    expect.stringContaining('the embedded Rekognition'),
  ]);
  expect(announced({ production: true, backend: 'aws' }).log).toHaveLength(1);
});

test('keys of page tokens that were made up are a warning', () => {
  const { log } = announced({ production: true, backend: 'aws', random: true });
  expect(log[1]?.msg).toContain('CURSOR_SECRETS is not set');
});
