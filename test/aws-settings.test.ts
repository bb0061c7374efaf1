import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';

import { builtService, listening } from './support/built-service.ts';
import { AUDIENCE, startIssuer } from './support/issuer.ts';
import { pageOf, startScriptedRekognition } from './support/scripted-rekognition.ts';
import { started } from './support/started.ts';

// Each starts a process, which takes its time where others run too.
jest.setTimeout(60_000);

const built = builtService();
const rekognition = started(() => startScriptedRekognition({ always: pageOf(['alice']) }));
let proxy: Server;
let proxyUrl: string;
/** What the proxy was asked to connect to. */
const asked: string[] = [];
const open = new Set<Socket>();

beforeAll(async () => {
  proxy = createServer();
  proxy.on('connect', (req, socket: Socket) => {
    const [host = '', port = ''] = (req.url ?? '').split(':');
    asked.push(host);
    // Names of the tests stand for this machine.
    const target = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) {
      open.add(end);
      end.on('error', () => end.destroy());
    }
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});

afterEach(() => {
  built().kill();
  asked.length = 0;
});

afterAll(() => {
  for (const socket of open) socket.destroy();
  proxy.close();
  proxy.closeAllConnections();
});

const port = () => new URL(rekognition().url).port;

const aws = (): Record<string, string> => ({
  PORT: '0',
  NODE_ENV: 'production',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_ENDPOINT_URL_REKOGNITION: rekognition().url,
});

test.each([
  ['AWS_USE_FIPS_ENDPOINT', 'true'],
  ['AWS_USE_DUALSTACK_ENDPOINT', 'true'],
  ['AWS_PROFILE', 'nope'],
  ['AWS_ENDPOINT_URL_REKOGNITION', 'http://127.0.0.1:1'],
  ['AWS_ENDPOINT_URL', 'no URL'],
  ['AWS_REGION', 'us_east_1'],
  ['AWS_CONFIG_FILE', '/dev/null/nope'],
  ['AWS_DEFAULTS_MODE', 'nope'],
  ['AWS_RETRY_MODE', 'nope'],
  ['AWS_AUTH_SCHEME_PREFERENCE', 'nope'],
  ['HTTP_PROXY', 'http://127.0.0.1:1'],
  ['http_proxy', 'no URL'],
])('over the embedded Rekognition %s=%s does not count', async (name, value) => {
  const url = await listening(built().start({ PORT: '0', [name]: value }));
  expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
});

test.each([
  ['AWS_ENDPOINT_URL_REKOGNITION', '127.0.0.1:4566', 'Invalid URL'],
  ['AWS_ENDPOINT_URL_REKOGNITION', 'ftp://example.com', 'no http or https URL'],
  ['AWS_REGION', 'us_east_1', 'not a valid hostname component'],
  ['AWS_REGION', 'eu-west-1/x', 'not a valid hostname component'],
])('%s=%s ends the start with one message that has the reason and the value', async (name, value, reason) => {
  const { exit, out, err } = built().start({ ...aws(), [name]: value });
  await expect(exit).resolves.toBe(1);
  expect(out()).toBe('');
  expect(err().trimEnd().split('\n')).toEqual([
    'rollcall: bad settings:',
    expect.stringContaining(`${name}=${value}`),
  ]);
  expect(err()).toContain(reason);
});

test('issues of AWS’s settings are in the one message with those of the service', async () => {
  const { exit, err } = built().start({ NODE_ENV: 'production', PORT: 'x', HTTPS_PROXY: 'proxy' });
  await expect(exit).resolves.toBe(1);
  expect(err().trimEnd().split('\n')).toEqual([
    'rollcall: bad settings:',
    '  PORT must be a whole number from 0 to 65535',
    '  HTTPS_PROXY must be a URL such as http://proxy.example.com:3128',
    expect.stringMatching(/^ {2}AWS_REGION must be set/),
  ]);
});

test.each([
  ['AWS_REGION', 'us-east-1\r', '\\r'],
  ['AWS_REGION', 'us-east-1\n', '\\n'],
  ['AWS_USE_FIPS_ENDPOINT', 'true', 'FIPS and custom endpoint are not supported'],
  ['AWS_USE_DUALSTACK_ENDPOINT', 'true', 'Dualstack and custom endpoint are not supported'],
])('%s=%j is named in one line, and shown as it is', async (name, value, shown) => {
  const { exit, err } = built().start({ ...aws(), [name]: value });
  await expect(exit).resolves.toBe(1);
  const [, line = '', ...more] = err().trimEnd().split('\n');
  expect(more).toEqual([]);
  expect(line).toContain(`${name}=${value.trim()}`);
  expect(line).toContain(shown);
  expect(line).not.toMatch(/\p{Cc}/u);
});

test.each(['us-east-1a', 'US-EAST-1', 'null', 'aws-global'])(
  'AWS_REGION=%s ends the start: AWS has no host for it',
  async (region) => {
    const { exit, err } = built().start({ NODE_ENV: 'production', AWS_REGION: region });
    await expect(exit).resolves.toBe(1);
    expect(err()).toContain(`${region} is no Region such as eu-west-1`);
  },
);

test.each(['us-gov-west-1', 'cn-northwest-1', 'eusc-de-east-1', 'us-isob-east-1', 'mx-central-1'])(
  'AWS_REGION=%s is a Region',
  async (region) => {
    const run = built().start({ NODE_ENV: 'production', PORT: '0', AWS_REGION: region });
    await expect(listening(run)).resolves.toContain('http://');
  },
);

test('AWS_DEFAULTS_MODE, on which no call depends, does not stop the start', async () => {
  const url = await listening(built().start({ ...aws(), AWS_DEFAULTS_MODE: 'nope' }));
  expect((await fetch(`${url}/collections/team/users`)).status).toBe(200);
});

test('AWS is asked through HTTP_PROXY', async () => {
  const env = {
    ...aws(),
    HTTP_PROXY: proxyUrl,
    AWS_ENDPOINT_URL_REKOGNITION: `http://rekognition.test:${port()}`,
  };
  const url = await listening(built().start(env));
  expect((await fetch(`${url}/collections/team/users`)).status).toBe(200);
  expect(asked).toEqual(['rekognition.test']);
});

test('AWS is asked through HTTPS_PROXY where its endpoint is https', async () => {
  const env = {
    ...aws(),
    HTTPS_PROXY: proxyUrl,
    AWS_ENDPOINT_URL_REKOGNITION: `https://rekognition.test:${port()}`,
    UPSTREAM_MAX_ATTEMPTS: '1',
  };
  const url = await listening(built().start(env));
  // Nothing speaks TLS there.
  expect((await fetch(`${url}/collections/team/users`)).status).toBe(502);
  expect(asked).toEqual(['rekognition.test']);
});

test('AWS is asked directly where NO_PROXY names it', async () => {
  const url = await listening(built().start({ ...aws(), HTTP_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' }));
  expect((await fetch(`${url}/collections/team/users`)).status).toBe(200);
  expect(asked).toEqual([]);
});

test("the issuer's keys are fetched through the proxy, and the embedded Rekognition is never asked through it", async () => {
  const issuer = await startIssuer();
  const run = built().start({
    PORT: '0',
    HTTP_PROXY: proxyUrl,
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: issuer.url,
    AUTH_AUDIENCE: AUDIENCE,
  });
  const url = await listening(run);
  const headers = { Authorization: `Bearer ${await issuer.mint({ collections: '*' })}` };
  expect((await fetch(`${url}/collections/example-team/users`, { headers })).status).toBe(200);
  expect(new Set(asked)).toEqual(new Set([new URL(issuer.url).hostname]));
  const before = asked.length;
  expect((await fetch(`${url}/collections/example-campus/users`, { headers })).status).toBe(200);
  expect(asked).toHaveLength(before);
  await issuer.stop();
});

test('AWS_CA_BUNDLE is answered with the setting that Node has for it', async () => {
  const run = built().start({ ...aws(), AWS_CA_BUNDLE: '/etc/ssl/corporate.pem' });
  await listening(run);
  expect(run.out()).toContain('AWS_CA_BUNDLE is not read: set NODE_EXTRA_CA_CERTS');
});
