import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';

import { SOURCE_TEXT, startCredentialSource, type SourceMode } from './support/aws-credentials.ts';
import { builtService, listening, type Run } from './support/built-service.ts';
import { exception, pageOf, startScriptedRekognition } from './support/scripted-rekognition.ts';
import { started } from './support/started.ts';

// Each starts a process, which takes its time where others run too.
jest.setTimeout(60_000);

const valid = new Set<string>();
const built = builtService();
const source = started(startCredentialSource);
const rekognition = started(() =>
  startScriptedRekognition({
    answer: (_, headers) =>
      valid.has(keyOf(headers.authorization)) ? pageOf(['alice']) : exception('UnrecognizedClientException'),
  }),
);
const home = mkdtempSync(join(tmpdir(), 'credentials-'));

beforeAll(() => {
  mkdirSync(join(home, '.aws'));
  writeFileSync(join(home, 'token'), 'token');
});

afterEach(() => {
  built().kill();
  valid.clear();
  Object.assign(source(), { mode: 'ok', accessKeyId: 'AKIDGOOD' });
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

function keyOf(authorization = ''): string {
  return /Credential=([^/]+)/.exec(authorization)?.[1] ?? '';
}

/** The service over AWS, with credentials from where these settings say. */
async function start(env: Record<string, string>) {
  const run = built().start({
    PORT: '0',
    NODE_ENV: 'production',
    HOME: home,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_REKOGNITION: rekognition().url,
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '1500',
    RATE_LIMIT_MAX: '0',
    CACHE_TTL_MS: '0',
    ...env,
  });
  const url = await listening(run);
  const page = async () => {
    const response = await fetch(`${url}/collections/team/users`);
    const { code } = (await response.json()) as { code?: string };
    return `${response.status} ${code ?? ''}`.trim();
  };
  const metrics = async () => (await fetch(/"metrics":"([^"]+)"/.exec(run.out())?.[1] ?? '')).text();
  return { run, page, metrics };
}

const webIdentity = (): Record<string, string> => ({
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/rollcall',
  AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'),
  AWS_ENDPOINT_URL_STS: source().url,
});
const container = (): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${source().url}/creds`,
});
const instance = (): Record<string, string> => ({
  AWS_EC2_METADATA_DISABLED: '',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: source().url,
});

/** The log lines of requests: what went wrong with them, and at which level. */
async function failuresOf({ out }: Run, count: number): Promise<unknown[]> {
  const lines = () =>
    out()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'));
  while (lines().length < count) await sleep(20);
  return lines().map((line) => {
    const { level, upstream } = JSON.parse(line) as {
      level: string;
      upstream: { attempts: number; lastError?: object };
    };
    return { level, attempts: upstream.attempts, ...upstream.lastError };
  });
}

type Failure = readonly [what: string, mode: SourceMode, lastError: object];

const stsFailures: readonly Failure[] = [
  ['denies', { exception: 'AccessDenied', status: 403 }, { name: 'AccessDenied' }],
  [
    'refuses the token',
    { exception: 'InvalidIdentityToken', status: 400 },
    { name: expect.stringContaining('InvalidIdentityToken') },
  ],
  ['is away', { exception: 'ServiceUnavailable', status: 503 }, { name: 'ServiceUnavailable' }],
  ['throttles', { exception: 'Throttling', status: 400 }, { name: 'Throttling' }],
  [
    'resets the connection',
    'reset',
    { name: 'TransportError', cause: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) },
  ],
  ['talks HTML', 'html', { name: expect.any(String) }],
  ['names what every object has', { exception: '__proto__', status: 400 }, { name: '__proto__' }],
  ['hangs', 'hang', { name: 'TimeoutError' }],
];

test('whatever goes wrong at STS is 502 without a call, and the first page after it is 200', async () => {
  valid.add('AKIDGOOD');
  const before = rekognition().calls.length;
  // The SDK tries a throttled STS again for up to 3 s.
  const { run, page, metrics } = await start({ ...webIdentity(), UPSTREAM_ATTEMPT_TIMEOUT_MS: '4000' });
  for (const [, mode] of stsFailures) {
    source().mode = mode;
    expect(await page()).toBe('502 UPSTREAM_UNAUTHENTICATED');
  }
  expect(await failuresOf(run, stsFailures.length)).toEqual(
    stsFailures.map(([, , lastError]) => ({
      level: 'error',
      attempts: 0,
      stage: 'credentials',
      ...lastError,
    })),
  );
  expect(rekognition().calls).toHaveLength(before);
  const text = await metrics();
  expect(text).toContain('rollcall_quota_rate_per_second{operation="ListUsers"} 5\n');
  expect(text).toContain(
    'rollcall_permit_wait_seconds_count{operation="ListUsers",priority="interactive"} 0\n',
  );
  expect(text).toContain('rollcall_breaker_state{operation="ListUsers",state="closed"} 1\n');
  source().mode = 'ok';
  expect(await page()).toBe('200');
  expect(run.out()).not.toContain(SOURCE_TEXT);
});

test.each([
  ['that answers 500', { status: 500 }, 'CredentialsProviderError', undefined],
  ['that talks HTML', 'html', 'SyntaxError', undefined],
  ['that hangs', 'hang', 'TimeoutError', undefined],
  ['that resets', 'reset', 'CredentialsProviderError', 'ECONNRESET'],
] as const)('an agent of the container %s is 502, and 200 once it is well', async (_, mode, name, cause) => {
  valid.add('AKIDGOOD');
  source().mode = mode;
  const { run, page } = await start(container());
  expect(await page()).toBe('502 UPSTREAM_UNAUTHENTICATED');
  expect(await failuresOf(run, 1)).toEqual([
    { level: 'error', attempts: 0, stage: 'credentials', name, ...(cause && { cause }) },
  ]);
  source().mode = 'ok';
  expect(await page()).toBe('200');
  expect(run.out()).not.toContain(SOURCE_TEXT);
});

test('a metadata service without a role is 502, and 200 once it has one', async () => {
  valid.add('AKIDGOOD');
  source().mode = { status: 404 };
  const { page } = await start(instance());
  expect(await page()).toBe('502 UPSTREAM_UNAUTHENTICATED');
  source().mode = 'ok';
  expect(await page()).toBe('200');
});

test.each([
  [
    'a token file that is not there',
    () => ({ ...webIdentity(), AWS_WEB_IDENTITY_TOKEN_FILE: '/nope' }),
    'ENOENT',
  ],
  [
    'an agent that refuses connections',
    () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/creds' }),
    'ECONNREFUSED',
  ],
  [
    'a key that ends in a line feed',
    () => ({ AWS_ACCESS_KEY_ID: 'AKIDGOOD\n', AWS_SECRET_ACCESS_KEY: 'secret' }),
    undefined,
  ],
  ['a profile that is not there', () => ({ AWS_PROFILE: 'nope' }), undefined],
  ['nothing at all', () => ({}), undefined],
])('%s is 502 without a call', async (_, env, cause) => {
  const before = rekognition().calls.length;
  const { run, page } = await start(env());
  expect(await page()).toBe('502 UPSTREAM_UNAUTHENTICATED');
  const [failure] = await failuresOf(run, 1);
  expect(failure).toMatchObject({ level: 'error', stage: 'credentials', ...(cause && { cause }) });
  expect(rekognition().calls).toHaveLength(before);
});

/** Sources whose key can be changed while the service runs. */
const renewable: readonly ((dir: string, key: string) => Record<string, string>)[] = [
  function sharedFile(dir, key) {
    const text = `[default]\naws_access_key_id=${key}\naws_secret_access_key=secret\n`;
    writeFileSync(join(dir, '.aws/credentials'), text);
    return {};
  },
  function credentialProcess(dir, key) {
    const keys = { Version: 1, AccessKeyId: key, SecretAccessKey: 'secret' };
    writeFileSync(join(dir, 'keys.json'), JSON.stringify(keys));
    writeFileSync(
      join(dir, '.aws/config'),
      `[default]\ncredential_process = cat ${join(dir, 'keys.json')}\n`,
    );
    return {};
  },
  function agentOfContainer(_, key) {
    source().accessKeyId = key;
    return container();
  },
];

test('keys of a file, a process or an agent that AWS refuses and that are renewed give a page without a restart', async () => {
  valid.add('AKIDNEW');
  // All at once, since each takes the ten seconds that a source is spared.
  const statuses = await Promise.all(
    renewable.map(async (write) => {
      const dir = join(home, write.name);
      mkdirSync(join(dir, '.aws'), { recursive: true });
      const { page } = await start({ HOME: dir, ...write(dir, 'AKIDOLD') });
      const before = await page();
      write(dir, 'AKIDNEW');
      let after = await page();
      for (let i = 0; i < 40 && after !== '200'; i += 1) {
        await sleep(500);
        after = await page();
      }
      return [before, after];
    }),
  );
  expect(statuses).toEqual(renewable.map(() => ['502 UPSTREAM_UNAUTHENTICATED', '200']));
});
