import { expect, test } from '@jest/globals';

import { printBanner } from '../src/banner.ts';
import { createLogger } from '../src/logger.ts';

const address = { address: '127.0.0.1', family: 'IPv4', port: 8080 };
const metricsAddress = { ...address, port: 9464 };
const embedded = { exampleCollections: [{ id: 'example-team', description: '12 users' }] };

type Options = Partial<Parameters<typeof printBanner>[0]['config']>;

function announced(options: Options, rest: object = {}) {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'info', output: destination });
  const config = {
    auth: undefined,
    backend: 'aws',
    production: false,
    pageTokens: { secrets: ['key'] },
    ...options,
  } as const;
  printBanner({ logger, config, address, metricsAddress, nodeVersion: '24.0.0', write, ...rest });
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

test('with AUTH_MODE=jwt the command sends a token, and the issuer that grants one is named', () => {
  const auth = {
    issuer: 'https://id.example.org',
    audience: 'rollcall',
    jwksUri: undefined,
    collectionsClaim: 'collections',
  };
  for (const { out } of [announced({ auth }), announced({ auth, backend: 'embedded' }, { embedded })]) {
    expect(out).toContain('TOKEN, to an access token of https://id.example.org');
    expect(out).toContain('curl -i -H "Authorization: Bearer $TOKEN" \'http://127.0.0.1:8080/collections/');
  }
  expect(announced({}).out).not.toContain('TOKEN');
});

test.each(['20.19.0', '21.7.3'])(
  'on Node %s one warning says which Node to take, and until when',
  (nodeVersion) => {
    const warnings = announced({}, { nodeVersion })
      .log.split('\n')
      .filter((line) => line.includes('"warn"'));
    expect(warnings).toEqual([expect.stringContaining(`Node ${nodeVersion} has had no security fixes`)]);
    expect(warnings[0]).toContain('use Node 24, which is supported until April 2028');
  },
);

test.each(['22.0.0', '24.21.0', '100.0.0'])('on Node %s there is no warning', (nodeVersion) => {
  expect(announced({}, { nodeVersion }).log).not.toContain('"warn"');
});

test('CURSOR_SECRETS unset is a warning over AWS, and information over the embedded Rekognition', () => {
  const pageTokens = { secrets: undefined };
  expect(announced({ pageTokens }).log).toMatch(/"warn".*CURSOR_SECRETS is not set/);
  const overEmbedded = announced({ pageTokens, backend: 'embedded' }, { embedded }).log;
  expect(overEmbedded).toMatch(/"info".*CURSOR_SECRETS is not set/);
  expect(overEmbedded).not.toContain('"warn"');
});

test('an IPv6 address is written in brackets', () => {
  const { log } = announced({}, { address: { address: '::1', family: 'IPv6', port: 80 } });
  expect(log).toContain('"url":"http://[::1]:80"');
});

test('in production only the log speaks, and says what is not for production', () => {
  const { out, log } = announced(
    { production: true, backend: 'embedded', pageTokens: { secrets: undefined } },
    { embedded },
  );
  expect(out).toBe('');
  expect(log).toContain('CURSOR_SECRETS is not set');
  expect(log).toContain('the backend is the embedded Rekognition');
  expect(announced({ production: true }).log).not.toContain('"warn"');
});
