import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { ConfigError } from '../src/config.ts';
import { readSettings } from '../src/read-settings.ts';

// The SDK reads these from the process.
const FILES = { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' };
const before = { ...process.env };

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
});

afterEach(() => {
  process.env = { ...before };
});

/** What the service starts with in this environment. */
async function read(env: Readonly<Record<string, string>>) {
  Object.assign(process.env, FILES, env);
  return readSettings(env, ['ListUsers']);
}

async function issuesOf(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const error: unknown = await read(env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).issues;
}

test('the embedded Rekognition needs nothing of AWS', async () => {
  const { config, aws } = await read({ AWS_REGION: 'no Region at all' });
  expect([config.backend, aws]).toEqual(['embedded', undefined]);
});

test.each([
  ['of the Region', {}, 'https://rekognition.eu-west-1.amazonaws.com/'],
  [
    'of FIPS',
    { AWS_USE_FIPS_ENDPOINT: 'true', AWS_REGION: 'us-east-1' },
    'https://rekognition-fips.us-east-1.amazonaws.com/',
  ],
  [
    'that a setting names',
    { AWS_ENDPOINT_URL_REKOGNITION: 'http://127.0.0.1:4566' },
    'http://127.0.0.1:4566/',
  ],
])('AWS is reached at the endpoint %s', async (_which, more, url) => {
  const { aws } = await read({ REKOGNITION_BACKEND: 'aws', AWS_REGION: 'eu-west-1', ...more });
  expect(aws?.url).toBe(url);
});

test('issues of the service and of AWS are in one error', async () => {
  const [own, aws, ...more] = await issuesOf({ REKOGNITION_BACKEND: 'aws', PORT: 'x' });
  expect(own).toMatch(/^PORT must be/);
  expect(aws).toMatch(/^AWS_REGION must be set, .*Region is missing/);
  expect(more).toEqual([]);
});

test.each([
  [{ AWS_REGION: 'us-east-1a' }, /us-east-1a is no Region such as eu-west-1 \(AWS_REGION=us-east-1a\)$/],
  [
    { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'ftp://example.com' },
    /no http or https URL.*AWS_ENDPOINT_URL=ftp:\/\/example\.com\)$/,
  ],
  [{ AWS_REGION: 'eu-west-1\r' }, /AWS_REGION=eu-west-1\\r\)$/],
])('%j is refused in one line that names what was given', async (env, issue) => {
  const issues = await issuesOf({ REKOGNITION_BACKEND: 'aws', ...env });
  expect(issues).toHaveLength(1);
  expect(issues[0]).toMatch(issue);
});
