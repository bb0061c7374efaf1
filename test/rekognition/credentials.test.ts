import { expect, test } from '@jest/globals';

import { createCredentials, type Credentials } from '../../src/rekognition/credentials.ts';

const keysOf = (accessKeyId: string, expiration?: Date) => ({
  accessKeyId,
  secretAccessKey: 'secret',
  ...(expiration && { expiration }),
});
type Keys = ReturnType<typeof keysOf>;

/** Credentials whose source gives these in turn, the last of them again and again. */
function setUp(answers: readonly (() => Promise<Keys>)[], timeoutMs = 10_000) {
  const time = { ms: 1_700_000_000_000, wallMs: 1_700_000_000_000 };
  let lookups = 0;
  const credentials: Credentials = createCredentials({
    lookUp() {
      lookups += 1;
      return answers[Math.min(lookups, answers.length) - 1]?.() ?? Promise.reject(new Error('no answer'));
    },
    timeoutMs,
    now: () => time.ms,
    wallClock: () => time.wallMs,
  });
  const pass = (ms: number): void => {
    time.ms += ms;
    time.wallMs += ms;
  };
  const key = async () => (await credentials.get()).accessKeyId;
  return { credentials, key, time, pass, lookups: () => lookups };
}

const giving = (accessKeyId: string, expiration?: Date) => () =>
  Promise.resolve(keysOf(accessKeyId, expiration));
const failing = () => Promise.reject(Object.assign(new Error('arn:aws:…'), { name: 'AccessDenied' }));
const hanging = () => new Promise<never>(() => undefined);
const settle = () => new Promise(setImmediate);

test('keys without an end are looked up once, also by those who ask at once', async () => {
  const { key, pass, lookups } = setUp([giving('A'), giving('B')]);
  expect(await Promise.all([key(), key(), key()])).toEqual(['A', 'A', 'A']);
  pass(86_400_000);
  expect(await key()).toBe('A');
  expect(lookups()).toBe(1);
});

test('keys that AWS refused are looked up afresh, but not within ten seconds of their lookup', async () => {
  const { credentials, key, pass, lookups } = setUp([giving('old'), giving('old'), giving('new')]);
  await key();
  credentials.refused();
  expect(await key()).toBe('old');
  expect(lookups()).toBe(1);
  pass(10_000);
  credentials.refused();
  credentials.refused();
  expect(await key()).toBe('old');
  expect(lookups()).toBe(2);
  // The source has been renewed meanwhile.
  pass(9999);
  credentials.refused();
  expect(await key()).toBe('old');
  pass(1);
  credentials.refused();
  expect(await key()).toBe('new');
  expect(lookups()).toBe(3);
});

test('a lookup that began before the keys were refused does not bring them back', async () => {
  let answer: (keys: Keys) => void = () => undefined;
  const slow = () => new Promise<Keys>((resolve) => (answer = resolve));
  const soon = new Date(1_700_000_060_000);
  const { credentials, key, pass } = setUp([giving('old', soon), slow, giving('new')]);
  await key();
  pass(20_000);
  expect(await key()).toBe('old');
  pass(1);
  credentials.refused();
  answer(keysOf('old'));
  await settle();
  expect(await key()).toBe('new');
});

test('keys that end soon serve while others are looked up, which a failure delays', async () => {
  const soon = new Date(1_700_000_299_000);
  const { key, pass, lookups } = setUp([giving('A', soon), failing, giving('B')]);
  expect(await key()).toBe('A');
  pass(10_000);
  expect(await key()).toBe('A');
  await settle();
  expect(await key()).toBe('A');
  expect(lookups()).toBe(2);
  pass(10_000);
  expect(await key()).toBe('A');
  await settle();
  expect(await key()).toBe('B');
});

test('keys that have ended are not used, whatever the clock does that no one sets', async () => {
  const { key, time } = setUp([giving('A', new Date(1_700_000_900_000)), giving('B')]);
  await key();
  time.ms += 60_000;
  time.wallMs += 3_600_000;
  expect(await key()).toBe('B');
});

test('keys that have ended when they come, by a clock that is wrong, are used, and looked up now and then', async () => {
  const { key, pass, lookups } = setUp([giving('A', new Date(0))]);
  expect([await key(), await key()]).toEqual(['A', 'A']);
  expect(lookups()).toBe(1);
  pass(10_000);
  expect(await key()).toBe('A');
  expect(lookups()).toBe(2);
});

test('a source that fails is asked again by the next caller', async () => {
  const { credentials, key } = setUp([failing, giving('A')]);
  await expect(credentials.get()).rejects.toMatchObject({
    name: 'CredentialsError',
    cause: { name: 'AccessDenied' },
  });
  expect(await key()).toBe('A');
});

test('a source that hangs is given up, and the next caller asks anew', async () => {
  const { credentials, key } = setUp([hanging, giving('A')], 20);
  await expect(credentials.get()).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
  expect(await key()).toBe('A');
});

test('what a slow source gives too late serves those who come later', async () => {
  let answer: (keys: Keys) => void = () => undefined;
  const slow = () => new Promise<Keys>((resolve) => (answer = resolve));
  const { credentials, key, lookups } = setUp([slow, hanging], 20);
  await expect(credentials.get()).rejects.toMatchObject({ name: 'CredentialsError' });
  answer(keysOf('A'));
  await settle();
  expect(await key()).toBe('A');
  expect(lookups()).toBe(1);
});

test('a caller who leaves waits no longer, with the own reason, and the lookup goes on for the others', async () => {
  let answer: (keys: Keys) => void = () => undefined;
  const slow = () => new Promise<Keys>((resolve) => (answer = resolve));
  const { credentials, key, lookups } = setUp([slow]);
  const leaving = new AbortController();
  const left = credentials.get(leaving.signal);
  const stayed = key();
  const reason = new Error('the deadline passed');
  leaving.abort(reason);
  await expect(left).rejects.toBe(reason);
  answer(keysOf('A'));
  expect(await stayed).toBe('A');
  expect(lookups()).toBe(1);
});

test.each([
  ['a line feed behind the key', { accessKeyId: 'AKID\n', secretAccessKey: 'x' }],
  ['a blank in the key', { accessKeyId: 'AK ID', secretAccessKey: 'x' }],
  ['no key', { accessKeyId: '', secretAccessKey: 'x' }],
  ['no secret', { accessKeyId: 'AKID', secretAccessKey: '' }],
  ['a line feed in the token', { accessKeyId: 'AKID', secretAccessKey: 'x', sessionToken: 'a\r\nb' }],
  ['an empty token', { accessKeyId: 'AKID', secretAccessKey: 'x', sessionToken: '' }],
])('credentials with %s are none', async (_, keys) => {
  const { credentials } = setUp([() => Promise.resolve(keys)]);
  await expect(credentials.get()).rejects.toMatchObject({
    name: 'CredentialsError',
    cause: { name: 'MalformedCredentials' },
  });
});

test('a source that answers with nothing, or throws something that is no error, has no credentials', async () => {
  const nothing = () => Promise.resolve(undefined as unknown as Keys);
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  const text = () => Promise.reject('text');
  const { credentials } = setUp([nothing, text]);
  await expect(credentials.get()).rejects.toMatchObject({ name: 'CredentialsError' });
  await expect(credentials.get()).rejects.toMatchObject({ name: 'CredentialsError', cause: 'text' });
});
