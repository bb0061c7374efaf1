import { expect, test } from '@jest/globals';

import { ConfigError, quotaOf, readConfig } from '../src/config.ts';
import { settingsWithDefaults } from './support/settings.ts';

const KEY = 'k'.repeat(32);
const OLD_KEY = 'o'.repeat(40);

function faultsOf(env: Record<string, string>, operations: readonly string[] = []): string[] {
  try {
    readConfig(env, operations);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const [head, ...lines] = (error as Error).message.split('\n');
    expect(head).toBe('bad settings:');
    return lines.map((line) => line.trim());
  }
  return [];
}

const defaults = {
  production: false,
  backend: 'embedded',
  http: { host: '127.0.0.1', port: 8080, metricsPort: 9464, trustProxy: 0, corsOrigins: [] },
  auth: undefined,
  rateLimit: { max: 600, windowMs: 60_000 },
  pageTokens: { secrets: undefined },
  upstream: {
    tps: 5,
    burst: 5,
    tpsOf: {},
    queueLimit: 100,
    standingWaitMs: 1000,
    maxAttempts: 3,
    deadlineMs: 10_000,
    attemptTimeoutMs: 3000,
    cacheTtlMs: 1000,
    lookupTtlMs: 5000,
    replicas: 1,
  },
  stream: { concurrency: 2, idleTimeoutMs: 60_000, minBytesPerSecond: 8192 },
  redis: { url: undefined, keyPrefix: 'rollcall' },
  tracing: false,
  shutdown: { delayMs: 0, graceMs: 20_000 },
  log: { level: 'info' },
};

test('everything has a default', () => {
  expect(readConfig({})).toEqual(defaults);
});

test('an empty variable counts as unset', () => {
  expect(readConfig({ PORT: '', AUTH_MODE: '', CURSOR_SECRETS: '', REKOGNITION_BACKEND: '' })).toEqual(
    defaults,
  );
});

test('variables of other programs are of no concern', () => {
  expect(readConfig({ PATH: '/bin', UNSET: undefined })).toEqual(defaults);
});

test('every setting is read', () => {
  const env = {
    HOST: '0.0.0.0',
    PORT: '0',
    METRICS_PORT: '1',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'embedded',
    UPSTREAM_TPS: '1.25',
    UPSTREAM_BURST: '2.5',
    UPSTREAM_TPS_DESCRIBE_COLLECTION: '0.5',
    UPSTREAM_QUEUE_LIMIT: '0',
    UPSTREAM_STANDING_WAIT_MS: '1',
    LOOKUP_TTL_MS: '0',
    UPSTREAM_MAX_ATTEMPTS: '1',
    REQUEST_DEADLINE_MS: '100',
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '50',
    CACHE_TTL_MS: '0',
    EXPORT_CONCURRENCY: '1',
    STREAM_IDLE_TIMEOUT_MS: '100',
    STREAM_MIN_BYTES_PER_SECOND: '0',
    RATE_LIMIT_MAX: '0',
    RATE_LIMIT_WINDOW_MS: '1000',
    TRUST_PROXY: '2',
    CORS_ORIGINS: 'https://a.example, http://localhost:3000,',
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: 'rollcall-issuer',
    AUTH_AUDIENCE: 'rollcall',
    AUTH_JWKS_URI: 'https://keys.example/keys?v=1',
    AUTH_COLLECTIONS_CLAIM: 'https://example.com/collections',
    CURSOR_SECRETS: `${KEY}, ${OLD_KEY}`,
    REDIS_URL: 'rediss://:secret@redis.example.com:6379/1',
    REDIS_KEY_PREFIX: 'team:rollcall-2',
    REPLICAS: '3',
    OTEL_TRACES_EXPORTER: 'otlp',
    SHUTDOWN_DELAY_MS: '5',
    SHUTDOWN_GRACE_MS: '6',
    LOG_LEVEL: 'debug',
  };
  expect(readConfig(env, ['ListUsers', 'DescribeCollection'])).toEqual({
    production: true,
    backend: 'embedded',
    http: {
      host: '0.0.0.0',
      port: 0,
      metricsPort: 1,
      trustProxy: 2,
      corsOrigins: ['https://a.example', 'http://localhost:3000'],
    },
    auth: {
      issuer: 'rollcall-issuer',
      audience: 'rollcall',
      jwksUri: 'https://keys.example/keys?v=1',
      collectionsClaim: 'https://example.com/collections',
    },
    rateLimit: { max: 0, windowMs: 1000 },
    pageTokens: { secrets: [KEY, OLD_KEY] },
    upstream: {
      tps: 1.25,
      burst: 2.5,
      tpsOf: { DescribeCollection: 0.5 },
      queueLimit: 0,
      standingWaitMs: 1,
      maxAttempts: 1,
      deadlineMs: 100,
      attemptTimeoutMs: 50,
      cacheTtlMs: 0,
      lookupTtlMs: 0,
      replicas: 3,
    },
    stream: { concurrency: 1, idleTimeoutMs: 100, minBytesPerSecond: 0 },
    redis: { url: 'rediss://:secret@redis.example.com:6379/1', keyPrefix: 'team:rollcall-2' },
    tracing: true,
    shutdown: { delayMs: 5, graceMs: 6 },
    log: { level: 'debug' },
  });
});

test('production means AWS, and anything else the embedded Rekognition', () => {
  expect(readConfig({ NODE_ENV: 'production' })).toMatchObject({ production: true, backend: 'aws' });
  expect(readConfig({ NODE_ENV: 'test' })).toMatchObject({ production: false, backend: 'embedded' });
});

test('one message lists every issue', () => {
  expect(
    faultsOf({
      HOST: '0.0.0.0',
      PORT: '65536',
      REKOGNITION_BACKEND: 'gcp',
      UPSTREAM_TPS: '0',
      UPSTREAM_BURST: '5e3',
      UPSTREAM_MAX_ATTEMPTS: '0',
      REQUEST_DEADLINE_MS: '1e3',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '-1',
      EXPORT_CONCURRENCY: '0',
      STREAM_IDLE_TIMEOUT_MS: '99',
      STREAM_MIN_BYTES_PER_SECOND: '1.5',
      RATE_LIMIT_MAX: 'many',
      RATE_LIMIT_WINDOW_MS: '1.5',
      TRUST_PROXY: 'true',
      CORS_ORIGINS: '*',
      CURSOR_SECRETS: 'short',
      REDIS_URL: 'http://redis.example.com',
      REDIS_KEY_PREFIX: 'roll{call}',
      REPLICAS: '0',
      SHUTDOWN_DELAY_MS: '1 0',
      SHUTDOWN_GRACE_MS: '3600001',
      LOG_LEVEL: 'loud',
    }),
  ).toEqual([
    'REKOGNITION_BACKEND must be embedded or aws',
    'PORT must be a whole number from 0 to 65535',
    'TRUST_PROXY must be a count of proxies from 0 to 99, or a list of their addresses or networks',
    'CORS_ORIGINS must be origins such as https://app.example.com, separated by commas',
    'RATE_LIMIT_MAX must be a whole number from 0 to 1000000000',
    'RATE_LIMIT_WINDOW_MS must be a whole number from 1000 to 3600000',
    'CURSOR_SECRETS must be keys of at least 32 characters, separated by commas',
    'UPSTREAM_TPS must be a number from 0.01 to 1000000, such as 5 or 1.25',
    'UPSTREAM_BURST must be a number from 0.01 to 1000000, such as 5 or 1.25',
    'UPSTREAM_MAX_ATTEMPTS must be a whole number from 1 to 10',
    'REQUEST_DEADLINE_MS must be a whole number from 100 to 3600000',
    'UPSTREAM_ATTEMPT_TIMEOUT_MS must be a whole number from 50 to 3600000',
    'REPLICAS must be a whole number from 1 to 1000',
    'EXPORT_CONCURRENCY must be a whole number from 1 to 1000',
    'STREAM_IDLE_TIMEOUT_MS must be a whole number from 100 to 60000',
    'STREAM_MIN_BYTES_PER_SECOND must be a whole number from 0 to 1000000000',
    'REDIS_URL must be a URL such as redis://redis.example.com:6379',
    'REDIS_KEY_PREFIX must be 1 to 64 letters, digits and . _ : -',
    'SHUTDOWN_DELAY_MS must be a whole number from 0 to 3600000',
    'SHUTDOWN_GRACE_MS must be a whole number from 0 to 3600000',
    'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent',
    'AUTH_MODE must be set, since HOST=0.0.0.0 is open to other machines: jwt, or none behind something that authenticates',
  ]);
});

test('METRICS_PORT is not PORT, unless both are picked', () => {
  const issue = 'METRICS_PORT must be another port than PORT';
  expect(faultsOf({ PORT: '9464' })).toEqual([issue]);
  expect(faultsOf({ PORT: '8080', METRICS_PORT: '08080', AUTH_MODE: 'x' })).toEqual([
    'AUTH_MODE must be none or jwt',
    issue,
  ]);
  expect(faultsOf({ PORT: 'x', METRICS_PORT: 'x' })).toHaveLength(2);
  expect(faultsOf({ PORT: '0', METRICS_PORT: '0' })).toEqual([]);
});

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s needs no AUTH_MODE', (HOST) => {
  expect(readConfig({ HOST }).http.host).toBe(HOST);
});

test.each(['0.0.0.0', '::', '192.168.0.1', '127.0.0.1.example.com', 'example.com'])(
  '%s is open to other machines, and needs AUTH_MODE',
  (HOST) => {
    expect(faultsOf({ HOST })).toEqual([expect.stringContaining('AUTH_MODE must be set')]);
    expect(readConfig({ HOST, AUTH_MODE: 'none' }).http.host).toBe(HOST);
  },
);

const jwt = { AUTH_MODE: 'jwt', AUTH_ISSUER: 'https://issuer.example', AUTH_AUDIENCE: 'rollcall' };

test('AUTH_MODE is none or jwt', () => {
  expect(faultsOf({ AUTH_MODE: 'basic' })).toEqual(['AUTH_MODE must be none or jwt']);
  expect(readConfig({ AUTH_MODE: 'none' }).auth).toBeUndefined();
  expect(readConfig({ ...jwt, HOST: '0.0.0.0' }).auth).toEqual({
    issuer: 'https://issuer.example',
    audience: 'rollcall',
    jwksUri: undefined,
    collectionsClaim: 'collections',
  });
});

test('AUTH_MODE=jwt needs an issuer and an audience', () => {
  expect(faultsOf({ AUTH_MODE: 'jwt' })).toEqual([
    'AUTH_ISSUER must be set with AUTH_MODE=jwt',
    'AUTH_AUDIENCE must be set with AUTH_MODE=jwt',
  ]);
  expect(faultsOf({ ...jwt, AUTH_AUDIENCE: '' })).toEqual(['AUTH_AUDIENCE must be set with AUTH_MODE=jwt']);
});

test.each(['AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URI'])(
  '%s without AUTH_MODE is refused: somebody meant tokens to be checked',
  (name) => {
    expect(faultsOf({ [name]: 'https://issuer.example' })).toEqual([
      'AUTH_MODE must be set, since other AUTH_ settings are: jwt, or none, which ignores them',
    ]);
    expect(readConfig({ AUTH_MODE: 'none', [name]: 'https://issuer.example' }).auth).toBeUndefined();
  },
);

test.each(['http://127.0.0.1:9000', 'http://localhost:9000/realm', 'http://[::1]:9000'])(
  'keys may come from %s, which is this machine',
  (url) => {
    expect(readConfig({ ...jwt, AUTH_ISSUER: url }).auth?.issuer).toBe(url);
    expect(readConfig({ ...jwt, AUTH_JWKS_URI: url }).auth?.jwksUri).toBe(url);
  },
);

test.each([
  'http://issuer.example',
  'http://127.0.0.1.example.com',
  'ftp://issuer.example',
  'file:///etc/keys',
  'https://user:secret@issuer.example',
  'issuer.example',
])('keys may not come from %s', (url) => {
  expect(faultsOf({ ...jwt, AUTH_ISSUER: url })).toEqual([
    expect.stringContaining('AUTH_ISSUER must be an https URL'),
  ]);
  expect(faultsOf({ ...jwt, AUTH_JWKS_URI: url })).toEqual([
    expect.stringContaining('AUTH_JWKS_URI must be an https URL'),
  ]);
});

test.each([
  ['10.0.0.1', ['10.0.0.1']],
  ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ['99', 99],
])('TRUST_PROXY may be %s', (TRUST_PROXY, trustProxy) => {
  expect(readConfig({ TRUST_PROXY }).http.trustProxy).toEqual(trustProxy);
});

test.each(['true', '100', '-1', 'loopback', '10.0.0.0/8/8', '10.0.0.0/x', '::/129', 'example.com', '10.0.0'])(
  'TRUST_PROXY may not be %s',
  (TRUST_PROXY) => {
    expect(faultsOf({ TRUST_PROXY })).toHaveLength(1);
  },
);

test.each([
  'https://a.example',
  'https://a.example:8443',
  'http://[::1]:3000',
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'app://-',
  'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb',
  'web+app://App.Example:1',
])('CORS_ORIGINS may hold %s', (origin) => {
  expect(readConfig({ CORS_ORIGINS: `https://b.example, ${origin} ,` }).http.corsOrigins).toEqual([
    'https://b.example',
    origin,
  ]);
});

test.each([
  '*',
  'null',
  'app.example.com',
  'localhost:3000',
  'https://*.example.com',
  'https://a.example/',
  'https://a.example/x',
  'https://a.example:443',
  'https://A.example',
  'https://user@a.example',
  'https://a.example b.example',
  'https://',
  'HTTPS://a.example',
  'capacitor://',
  'capacitor://localhost/',
  'capacitor:localhost',
  'capacitor://localhost?x',
  'file://',
  'file://host',
  'data:text/html,x',
])('CORS_ORIGINS may not hold %s', (origin) => {
  expect(faultsOf({ CORS_ORIGINS: `https://b.example,${origin}` })).toEqual([
    'CORS_ORIGINS must be origins such as https://app.example.com, separated by commas',
  ]);
});

test.each([['short'], [','], [`${KEY},short`]])('CURSOR_SECRETS may not be %s', (CURSOR_SECRETS) => {
  expect(faultsOf({ CURSOR_SECRETS })).toEqual([
    'CURSOR_SECRETS must be keys of at least 32 characters, separated by commas',
  ]);
});

test.each(['10.0.0.0/33', '10.0.0.0/0', '::/0', 'fd00::/129', ',', '10.0.0.1/8/9', 'proxy.local', 'true'])(
  'TRUST_PROXY=%s is refused with the other settings, not by Express later',
  (value) => {
    expect(() => readConfig({ TRUST_PROXY: value })).toThrow('TRUST_PROXY must be');
  },
);

test.each(['10.0.0.0/8', '10.0.0.1, fd00::/8', '::1'])('TRUST_PROXY=%s is a list', (value) => {
  expect(readConfig({ TRUST_PROXY: value }).http.trustProxy).toEqual(value.split(', '));
});

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example.com/v1/traces' }, true],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
  [{ OTEL_SDK_DISABLED: 'TRUE', OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_OTLP_ENDPOINT: 'x' }, false],
  [{ OTEL_SDK_DISABLED: 'false', OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_SERVICE_NAME: 'rollcall', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, false],
  [{ OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
])('%j: tracing is on: %j', (env: Record<string, string>, tracing) => {
  expect(readConfig(env).tracing).toBe(tracing);
});

test('spans that could not arrive are a bad setting', () => {
  expect(
    faultsOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    }),
  ).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://collector.example.com:4318',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL such as http://collector.example.com:4318',
    'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf',
  ]);
  expect(faultsOf({ OTEL_TRACES_EXPORTER: 'console' })).toEqual([
    'OTEL_TRACES_EXPORTER must be otlp or none',
  ]);
});

test('the protocol of traces goes before that of everything', () => {
  const on = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  expect(readConfig({ ...on, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }).tracing).toBe(true);
  expect(faultsOf({ ...on, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' })).toEqual([
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL must be http/protobuf',
  ]);
});

test.each([
  ['redis://:50%@redis', 'a URL with its user and password percent-encoded, such as %25 for %'],
  ['redis://a%zz:b@redis', 'a URL with its user and password percent-encoded, such as %25 for %'],
  ...['/x', '/1.5', '/0/1', '/3x', '/1e1', '/%33', '?db=x', '/0?db='].map((database) => [
    `redis://redis${database}`,
    'a URL whose database is a number, such as redis://redis.example.com:6379/0',
  ]),
  ['redis.example.com:6379', 'a URL such as redis://redis.example.com:6379'],
])('REDIS_URL may not be %s', (url, issue) => {
  expect(faultsOf({ REDIS_URL: url })).toEqual([`REDIS_URL must be ${issue}`]);
});

test.each([
  'redis://redis',
  'redis://redis/',
  'rediss://user:p%40ss%25@redis:6380/15',
  'redis://:@[::1]:6379/0?family=6',
  'redis://redis?db=3',
])('REDIS_URL may be %s', (url) => {
  expect(readConfig({ REDIS_URL: url }).redis.url).toBe(url);
});

const notProxies = [
  'proxy',
  '127.0.0.1:3128',
  ' ',
  '"http://proxy"',
  'http://proxy/x',
  'http://a:50%@proxy',
  'ftp://a',
];

test.each(notProxies)('a proxy may not be %j: the requests to AWS would fail', (url) => {
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) {
    const issue = `${name} must be a URL such as http://proxy.example.com:3128`;
    expect(faultsOf({ REKOGNITION_BACKEND: 'aws', [name]: url })).toEqual([issue]);
    expect(faultsOf({ NODE_ENV: 'production', PORT: 'x', [name]: url })).toContain(issue);
    expect(faultsOf({ ...jwt, [name]: url })).toEqual([issue]);
    expect(faultsOf({ [name]: url })).toEqual([]);
  }
});

test.each([
  '',
  'http://proxy:3128',
  'http://user:p%40ss@127.0.0.1:1/',
  'https://[::1]:3128',
  ' http://proxy\r',
])('a proxy may be %j', (HTTPS_PROXY) => {
  expect(faultsOf({ REKOGNITION_BACKEND: 'aws', HTTPS_PROXY })).toEqual([]);
});

/** A good value of each setting that is not a number. */
const words: Record<string, string> = {
  NODE_ENV: 'production',
  REKOGNITION_BACKEND: 'aws',
  HOST: '127.0.0.2',
  CORS_ORIGINS: 'https://a.example',
  AUTH_MODE: 'none',
  AUTH_ISSUER: 'https://issuer.example',
  AUTH_JWKS_URI: 'https://issuer.example/keys',
  CURSOR_SECRETS: KEY,
  REDIS_URL: 'redis://redis.example.com',
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
  LOG_LEVEL: 'debug',
};
const operations = ['ListUsers'];
const everySetting = settingsWithDefaults().map(({ name }) => name.replace('<OPERATION>', 'LIST_USERS'));
const goodValue = (name: string) => words[name] ?? (/^(AUTH|OTEL)/.test(name) ? 'word' : '1000');
/** What a setting asks for beside itself. */
const beside = (name: string) =>
  /^AUTH_(?!MODE)/.test(name) ? jwt : name === 'HOST' ? { AUTH_MODE: 'none' } : {};

test.each(everySetting)('white space around %s counts for nothing', (name) => {
  const value = name === 'UPSTREAM_MAX_ATTEMPTS' ? '2' : name === 'TRUST_PROXY' ? '1' : goodValue(name);
  const read = (text: string) => readConfig({ ...beside(name), [name]: text }, operations);
  for (const text of [` ${value}`, `${value}\r`, `${value}\n`, `\t${value} \r\n`]) {
    expect(read(text)).toEqual(read(value));
  }
  expect(readConfig({ [name]: ' \r\n' }, operations)).toEqual(readConfig({}, operations));
});

test.each(everySetting)('%s in quotes is one issue, which names it', (name) => {
  for (const quote of ['"', "'", '`']) {
    const value = ` ${quote}${goodValue(name)}${quote}\r`;
    expect(faultsOf({ ...beside(name), [name]: value }, operations)).toEqual([
      `${name} must be written without the quotes around its value`,
    ]);
  }
  expect(faultsOf({ ...beside(name), [name]: '""' }, operations)).toHaveLength(1);
});

test.each(everySetting)(
  '%s with a character inside that cannot be seen is one issue, which names it',
  (name) => {
    for (const character of ['\u200b', '\u00ad', '\u2060', '\0', '\r\n', '\u001b[0m']) {
      const value = goodValue(name);
      const issues = faultsOf(
        { ...beside(name), [name]: `${value.slice(0, 2)}${character}${value.slice(2)}` },
        operations,
      );
      expect(issues).toEqual([`${name} must be one line, without characters that cannot be seen`]);
    }
  },
);

test('a quote inside of a value is part of it', () => {
  expect(readConfig({ CURSOR_SECRETS: `"${KEY}` }).pageTokens.secrets).toEqual([`"${KEY}`]);
});

test.each(['Production', 'prod', 'staging', 'production;', 'null'])('NODE_ENV=%s is an issue', (NODE_ENV) => {
  expect(faultsOf({ NODE_ENV })).toEqual(['NODE_ENV must be production, development or test']);
});

test.each(['LIST_USER', 'list_users', 'CONSTRUCTOR', '', '__PROTO__', 'LISTUSERS'])(
  'UPSTREAM_TPS_%s is an issue: there is no such operation',
  (operation) => {
    const name = `UPSTREAM_TPS_${operation}`;
    expect(faultsOf({ PORT: 'x', [name]: '2' }, ['ListUsers', 'DescribeCollection'])).toEqual([
      'PORT must be a whole number from 0 to 65535',
      `${name} must be the quota of a known operation: UPSTREAM_TPS_LIST_USERS, UPSTREAM_TPS_DESCRIBE_COLLECTION`,
    ]);
    expect(readConfig({ [name]: ' ' }).upstream.tpsOf).toEqual({});
  },
);

test('UPSTREAM_TPS_DESCRIBE_COLLECTION is the rate and the burst of that operation alone', () => {
  const env = { UPSTREAM_TPS: '4', UPSTREAM_BURST: '8', UPSTREAM_TPS_DESCRIBE_COLLECTION: '0.5' };
  const { upstream } = readConfig(env, ['ListUsers', 'DescribeCollection']);
  expect(quotaOf(upstream, 'DescribeCollection')).toEqual({ tps: 0.5, burst: 0.5 });
  expect(quotaOf(upstream, 'ListUsers')).toEqual({ tps: 4, burst: 8 });
});

test('issues of single settings hide none of settings that depend on each other', () => {
  expect(
    faultsOf({ ...jwt, AUTH_AUDIENCE: '', AUTH_JWKS_URI: 'x', PORT: 'x', OTEL_TRACES_EXPORTER: 'zipkin' }),
  ).toEqual([
    'PORT must be a whole number from 0 to 65535',
    'AUTH_JWKS_URI must be an https URL, or an http URL of this machine',
    'AUTH_AUDIENCE must be set with AUTH_MODE=jwt',
    'OTEL_TRACES_EXPORTER must be otlp or none',
  ]);
});
