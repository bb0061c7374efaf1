import { expect, test } from '@jest/globals';

import { createLogger } from '../src/logger.ts';
import { announce } from '../src/welcome.ts';

const address = { address: '127.0.0.1', family: 'IPv4', port: 8080 };
const metricsAddress = { ...address, port: 9464 };
const embedded = { exampleCollections: [{ id: 'example-team', description: '12 users' }] };

type Options = Partial<Parameters<typeof announce>[0]['config']>;

function announced(options: Options, rest: object = {}) {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'info', production: true, output: destination });
  const config = { backend: 'aws', production: false, pageTokens: { secrets: ['key'] }, ...options } as const;
  announce({ logger, config, address, metricsAddress, write, ...rest });
  return { out, log: lines.join('') };
}

test('in development over the embedded Rekognition there is a command to try, and what is there', () => {
  const { out } = announced({ backend: 'embedded' }, { embedded });
  expect(out).toContain("curl -i 'http://127.0.0.1:8080/collections/example-team/users?maxResults=3'");
  expect(out).toMatch(/example-team +12 users/);
});

test('in development over AWS the collection is yours to name', () => {
  expect(announced({}).out).toContain('/collections/YOUR-COLLECTION/users');
});

test('an IPv6 address is written in brackets', () => {
  const { log } = announced({}, { address: { address: '::1', family: 'IPv6', port: 80 } });
  expect(log).toContain('"url":"http://[::1]:80"');
});

test('in production only the log speaks, with a warning for each thing that is not for production', () => {
  const { out, log } = announced(
    { production: true, backend: 'embedded', pageTokens: { secrets: undefined } },
    { embedded },
  );
  expect(out).toBe('');
  expect(log).toContain('CURSOR_SECRETS is not set');
  expect(log).toContain('the backend is the embedded Rekognition');
  expect(announced({ production: true }).log).not.toContain('"warn"');
});
