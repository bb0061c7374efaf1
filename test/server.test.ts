import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { builtService, listening, type Run } from './support/built-service.ts';
import { freePort } from './support/free-port.ts';
import { AUDIENCE, startIssuer } from './support/issuer.ts';
import { startScriptedRekognition, type ScriptedRekognition } from './support/scripted-rekognition.ts';

// Each starts a process, which takes its time where others run too.
jest.setTimeout(60_000);

const built = builtService();
const written: string[] = [];

afterEach(() => {
  built().kill();
  for (const path of written.splice(0)) rmSync(path);
});

/** Starts the service with these settings and no others. */
function start(env: Record<string, string>, files: Record<string, string | Buffer> = {}): Run {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dirname(built().dist), name);
    writeFileSync(path, text);
    written.push(path);
  }
  return built().start(env);
}

async function poll<T>(look: () => T | null): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== null) return found;
    await sleep(20);
  }
}

test('bad settings end the start with one message that tells them all', async () => {
  const run = start({ PORT: 'x', LOG_LEVEL: 'loud', HOST: '0.0.0.0' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.out()).toBe('');
  expect(run.err().trimEnd().split('\n')).toEqual([
    'rollcall: bad settings:',
    expect.stringMatching(/^ {2}PORT must be /),
    expect.stringMatching(/^ {2}LOG_LEVEL must be /),
    expect.stringMatching(/^ {2}AUTH_MODE must be set/),
  ]);
});

test('settings are read from .env where it is there, and those of the environment go before', async () => {
  const run = start({ PORT: '0' }, { '.env': 'PORT=x\r\nLOG_LEVEL="silent"\nNODE_ENV=staging\n' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toBe('rollcall: bad settings:\n  NODE_ENV must be production, development or test\n');
});

const BYTE_ORDER_MARK = '\ufeff';
const PORT_FAULT = 'REKOGNITION_PORT must be a port, 0 to 65535, and is "x".\n';
const NOT_UTF8 = 'cannot read .env: save it as UTF-8\n';

test('the first setting of .env counts behind a byte order mark', async () => {
  const run = start({}, { '.env': `${BYTE_ORDER_MARK}PORT=x\r\n` });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toBe('rollcall: bad settings:\n  PORT must be a whole number from 0 to 65535\n');
});

test('an .env in UTF-16, as PowerShell writes it, ends the start: none of its settings would count', async () => {
  const run = start({}, { '.env': Buffer.from(`${BYTE_ORDER_MARK}AUTH_MODE=jwt\r\n`, 'utf16le') });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toBe(`rollcall: ${NOT_UTF8}`);
});

test.each([
  ['reads its settings from .env as well', 'REKOGNITION_PORT=x\n', PORT_FAULT],
  ['reads .env behind a byte order mark', `${BYTE_ORDER_MARK}REKOGNITION_PORT=x\n`, PORT_FAULT],
  ['refuses an .env that is not UTF-8', Buffer.from('# é\n', 'latin1'), NOT_UTF8],
])('the embedded Rekognition alone %s', (_, text, message) => {
  const home = dirname(built().dist);
  writeFileSync(join(home, '.env'), text);
  written.push(join(home, '.env'));
  const { status, stderr } = spawnSync(process.execPath, ['dist/embedded/main.js'], { cwd: home, env: {} });
  expect([status, String(stderr)]).toEqual([1, message]);
});

test('SIGTERM to npm start ends the service as well', async () => {
  const home = dirname(built().dist);
  // It is built already.
  writeFileSync(join(home, 'build.js'), '');
  const env = {
    ...process.env,
    PORT: '0',
    METRICS_PORT: '0',
    SHUTDOWN_GRACE_MS: '1000',
  };
  const npm = spawn('npm', ['start'], { cwd: home, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  npm.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const exit = once(npm, 'close');
  const [url] = await poll(() => /http:\/\/127\.0\.0\.1:\d+/.exec(out));
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  npm.kill('SIGTERM');
  // Its output is closed once nobody holds it any more, the service included.
  await exit;
  await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
});

test('AWS without a Region is a bad setting', async () => {
  const run = start({ PORT: '0', NODE_ENV: 'production' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toMatch(/^rollcall: bad settings:\n {2}AWS_REGION must be set[^\n]*\n$/);
});

test.each(['PORT', 'METRICS_PORT'])('a port in use, %s, ends the start with one line', async (setting) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const run = start({
    PORT: '0',
    [setting]: String(port),
    REKOGNITION_BACKEND: 'aws',
    AWS_REGION: 'eu-west-1',
  });
  await expect(run.exit).resolves.toBe(1);
  taken.close();
  expect(run.err()).toBe(`rollcall: cannot listen on 127.0.0.1:${port} (${setting}): EADDRINUSE\n`);
});

test.each(['[::1]', 'no-such-host.invalid'])('HOST=%s, which is no address here, is named', async (HOST) => {
  const run = start({ PORT: '0', HOST, AUTH_MODE: 'none' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toMatch(/^rollcall: cannot listen on [^ ]+ \(HOST\): E[A-Z_]+\n$/);
});

test('in development it starts with nothing set, answers, and stops on SIGTERM, given twice', async () => {
  const run = start({ PORT: '0' });
  const url = await listening(run);
  const answer = await fetch(`${url}/collections/example-team/users?maxResults=2`);
  expect(answer.status).toBe(200);
  const page = (await answer.json()) as { users: unknown[] };
  expect(page.users).toHaveLength(2);
  expect((await fetch(`${url}/openapi.yaml`)).status).toBe(200);
  expect((await fetch(`${url}/docs`)).status).toBe(200);
  expect((await fetch(`${url}/docs/docs.js`)).status).toBe(200);
  const [, metricsUrl = ''] = /"metrics":"([^"]+)"/.exec(run.out()) ?? [];
  const metrics = await (await fetch(metricsUrl)).text();
  expect(metrics).toMatch(
    /^rollcall_http_requests_total\{route="\/collections\/:collectionId\/users",.*\} 1$/m,
  );
  expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  run.child.kill('SIGTERM');
  run.child.kill('SIGTERM');
  await expect(run.exit).resolves.toBe(0);
  expect(run.out()).toContain(`curl -i '${url}/collections/example-team/users?maxResults=3'`);
  expect(run.out().match(/stopping/g)).toHaveLength(1);
  expect(run.out()).toContain('stopped');
  expect(run.err()).toBe('');
});

test('in production every line of the log is JSON, from the start to the end', async () => {
  const run = start({ PORT: '0', NODE_ENV: 'production', REKOGNITION_BACKEND: 'embedded' });
  const url = await listening(run);
  expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
  run.child.kill('SIGINT');
  await expect(run.exit).resolves.toBe(0);
  const lines = run.out().trimEnd().split('\n');
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages[0]).toBe('listening');
  expect(messages.slice(-3)).toEqual(['request', 'stopping', 'stopped']);
  expect(messages.filter((message) => message.startsWith('CURSOR_SECRETS is not set'))).toHaveLength(1);
  expect(run.err()).toBe('');
});

const page = { body: { Users: [{ UserId: 'alice', UserStatus: 'ACTIVE' }] } };

const upstream = (rekognition: ScriptedRekognition): Record<string, string> => ({
  PORT: '0',
  NODE_ENV: 'production',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_ENDPOINT_URL_REKOGNITION: rekognition.url,
  RATE_LIMIT_MAX: '0',
  UPSTREAM_TPS: '1000',
  UPSTREAM_BURST: '1000',
  UPSTREAM_QUEUE_LIMIT: '1000',
});

test('SIGTERM with 100 requests in flight loses none of them, and ends with 0', async () => {
  const rekognition = await startScriptedRekognition({ always: { ...page, delayMs: 2500 } });
  const run = start({ ...upstream(rekognition), UPSTREAM_ATTEMPT_TIMEOUT_MS: '9000' });
  const url = await listening(run);
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const answers = Array.from({ length: 100 }, (_, i) => ask(`${url}/collections/team-${i}/users`, agent));
  await until(() => rekognition.calls.length === 100);
  run.child.kill('SIGTERM');
  const outcomes = await Promise.all(answers);
  expect(new Set(outcomes)).toEqual(new Set(['200 close']));
  await expect(run.exit).resolves.toBe(0);
  expect(run.err()).toBe('');
  expect(run.out()).not.toContain('SHUTDOWN_GRACE_MS is over');
  await rekognition.stop();
});

test('during the delay it answers over new and old connections, which it then closes, and only readiness is off', async () => {
  const rekognition = await startScriptedRekognition({ always: page });
  const run = start({ ...upstream(rekognition), SHUTDOWN_DELAY_MS: '3000', SHUTDOWN_GRACE_MS: '5000' });
  const url = await listening(run);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(`${url}/collections/team/users`, agent)).toBe('200 keep-alive');
  run.child.kill('SIGTERM');
  await until(() => run.out().includes('"stopping"'));
  expect(await ask(`${url}/readyz`, agent)).toBe('503 close');
  expect(await ask(`${url}/livez`, agent)).toBe('200 close');
  expect(await ask(`${url}/collections/team/users`, agent)).toBe('200 close');
  expect(await ask(`${url}/nothing`, agent)).toBe('404 close');
  await expect(run.exit).resolves.toBe(0);
  await expect(ask(`${url}/livez`, agent)).rejects.toThrow('ECONNREFUSED');
  await rekognition.stop();
});

test('a request that outlasts the grace is cut, its call upstream is aborted, and the end is 0 all the same', async () => {
  const rekognition = await startScriptedRekognition(['hang']);
  const run = start({ ...upstream(rekognition), SHUTDOWN_GRACE_MS: '200' });
  const url = await listening(run);
  const answer = ask(`${url}/collections/team/users`, new Agent({ keepAlive: true }));
  const outcome = answer.catch((error: unknown) => String(error));
  await until(() => rekognition.calls.length === 1);
  run.child.kill('SIGTERM');
  expect(await outcome).toContain('socket hang up');
  await expect(run.exit).resolves.toBe(0);
  await rekognition.calls[0]?.ended;
  expect(rekognition.calls[0]?.aborted()).toBe(true);
  await rekognition.stop();
});

describe('SIGTERM while the last page of a stream is on its way to a reader who does not read just then', () => {
  /** Two of them are more than the kernel takes: a status is an open string. */
  const Users = Array.from({ length: 500 }, (_, i) => ({ UserId: `u${i}`, UserStatus: 'X'.repeat(8_300) }));

  /** What the reader gets who reads the first page, and then nothing until `comeBack` settles. */
  async function stopDuringLastPage(graceMs: number, comeBack: (run: Run) => Promise<unknown>) {
    const pages = [{ body: { Users, NextToken: 't1' } }, { body: { Users } }];
    const rekognition = await startScriptedRekognition(pages);
    const run = start({ ...upstream(rekognition), SHUTDOWN_GRACE_MS: String(graceMs) });
    const socket = connect(Number(new URL(await listening(run)).port), '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write('GET /collections/team/users.ndjson HTTP/1.1\r\nHost: a\r\n\r\n');
    let text = '';
    const metrics = /"metrics":"([^"]+)"/.exec(run.out())?.[1] ?? '';
    // A page is counted once it is written, and the next one was fetched meanwhile.
    while (!/^rollcall_stream_pages_total 1$/m.test(await (await fetch(metrics)).text())) {
      text += String(socket.read() ?? '');
      await sleep(1);
    }
    await rekognition.calls[1]?.ended;
    await sleep(200);
    run.child.kill('SIGTERM');
    await comeBack(run);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
    if (!socket.closed) await once(socket, 'close').catch(() => undefined);
    await expect(run.exit).resolves.toBe(0);
    await rekognition.stop();
    const isClean = text.endsWith('\r\n0\r\n\r\n');
    return { users: text.match(/"userId"/g)?.length, isClean, text, out: run.out() };
  }

  const stopping = (run: Run): Promise<void> => until(() => run.out().includes('"stopping"'));

  test('sends the page whole, and ends cleanly, where the grace is long enough', async () => {
    const { users, isClean, out } = await stopDuringLastPage(20_000, async (run) => {
      await stopping(run);
      await sleep(500);
    });
    expect([users, isClean]).toEqual([1000, true]);
    expect(out).toContain('"end":"complete"');
    expect(out).not.toContain('SHUTDOWN_GRACE_MS is over');
  });

  test('never ends cleanly, where the reader goes on in the last second: with a problem if there is time for it', async () => {
    const { isClean, text, out } = await stopDuringLastPage(1000, async (run) => {
      await stopping(run);
      await sleep(200);
    });
    expect(isClean).toBe(false);
    const [problem] = /^\{"type".*\}$/m.exec(text) ?? ['{"code":"SHUTTING_DOWN","nextToken":"none"}'];
    expect(JSON.parse(problem)).toMatchObject({ code: 'SHUTTING_DOWN', nextToken: expect.any(String) });
    expect(out).toContain('"end":"shutdown"');
  });

  test('breaks off, where the reader does not come back before the end', async () => {
    const { users, isClean, out } = await stopDuringLastPage(200, (run) => run.exit);
    expect(users).toBeLessThan(1000);
    expect(isClean).toBe(false);
    expect(out).toContain('"end":"shutdown"');
  });
});

test.each([
  ['an uncaught exception', 'throw new Error("boom")'],
  ['an unhandled rejection', 'Promise.reject(new Error("boom"))'],
])('%s ends the process with one fatal line and 1', async (_, code) => {
  const script = encodeURIComponent(`process.on('SIGUSR2', () => { ${code} })`);
  const run = start({
    PORT: '0',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'embedded',
    NODE_OPTIONS: `--import=data:text/javascript,${script}`,
  });
  await listening(run);
  run.child.kill('SIGUSR2');
  await expect(run.exit).resolves.toBe(1);
  const lines = run.out().trimEnd().split('\n');
  const fatal = lines
    .map((line) => JSON.parse(line) as { level: string })
    .filter(({ level }) => level === 'fatal');
  expect(fatal).toEqual([expect.objectContaining({ err: expect.objectContaining({ message: 'boom' }) })]);
  expect(run.err()).toBe('');
});

describe.each(['production', 'development'])('With a log that cannot be written, in %s', (mode) => {
  const env = {
    NODE_ENV: mode,
    REKOGNITION_BACKEND: 'embedded',
    METRICS_PORT: '0',
    RATE_LIMIT_MAX: '0',
    SHUTDOWN_GRACE_MS: '1000',
  };

  test.each(['SIGTERM', 'SIGUSR2'] as const)('on a full disk it answers, and ends on %s', async (signal) => {
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const child = spawnService({ ...env, PORT: String(port), NODE_OPTIONS: bugOnSignal }, full);
    const exit = once(child, 'exit');
    const statuses = await askOften(port);
    child.kill(signal);
    closeSync(full);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await exit).toEqual([signal === 'SIGTERM' ? 0 : 1, null]);
  });

  test.each(['SIGTERM', 'SIGUSR2'] as const)(
    'to a pipe that nobody reads it answers, and ends on %s',
    async (signal) => {
      const port = await freePort();
      const child = spawnService({ ...env, PORT: String(port), NODE_OPTIONS: bugOnSignal }, 'pipe');
      const exit = once(child, 'exit');
      const statuses = await askOften(port);
      child.kill(signal);
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(await exit).toEqual([signal === 'SIGTERM' ? 0 : 1, null]);
    },
  );
});

test('the embedded Rekognition alone answers and ends as well if its output is a full disk', async () => {
  const port = await freePort();
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [join(built().dist, 'embedded/main.js')], {
    env: { REKOGNITION_PORT: String(port) },
    stdio: ['ignore', full, full],
  });
  const exit = once(child, 'exit');
  closeSync(full);
  let status = 0;
  while (status === 0 && child.exitCode === null) {
    status = await fetch(`http://127.0.0.1:${port}`).then(
      (answer) => answer.status,
      () => 0,
    );
    await sleep(20);
  }
  await sleep(100);
  child.kill('SIGTERM');
  expect([status, await exit]).toEqual([404, [0, null]]);
});

test('with AUTH_MODE=jwt the process asks for tokens, and lets one in that its issuer has signed', async () => {
  const issuer = await startIssuer();
  const run = start({
    PORT: '0',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'embedded',
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: issuer.url,
    AUTH_AUDIENCE: AUDIENCE,
  });
  const url = await listening(run);
  const path = `${url}/collections/example-team/users`;
  expect((await fetch(path)).status).toBe(401);
  const headers = { Authorization: `Bearer ${await issuer.mint({ collections: 'example-*' })}` };
  expect((await fetch(path, { headers })).status).toBe(200);
  expect((await fetch(`${url}/collections/nope/users`, { headers })).status).toBe(403);
  run.child.kill('SIGTERM');
  await expect(run.exit).resolves.toBe(0);
  await issuer.stop();
});

const bugOnSignal = `--import=data:text/javascript,${encodeURIComponent(
  'process.on("SIGUSR2", () => { throw new Error("boom") })',
)}`;

/** The built service with this standard output, which nobody reads. */
function spawnService(env: Record<string, string>, stdout: number | 'pipe'): ChildProcess {
  return spawn(process.execPath, [join(built().dist, 'server.js')], {
    env,
    stdio: ['ignore', stdout, 'ignore'],
  });
}

/** Far more lines of the log than a pipe holds, once the service listens. */
async function askOften(port: number): Promise<number[]> {
  const url = `http://127.0.0.1:${port}/livez`;
  while ((await fetch(url).catch(() => undefined)) === undefined) await sleep(20);
  const statuses: number[] = [];
  for (let i = 0; i < 1000; i += 1) statuses.push((await fetch(url)).status);
  return statuses;
}

/** Waits until it holds, at most about 10 s. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !holds(); i += 1) await sleep(10);
  expect(holds()).toBe(true);
}

/** The status of an answer, and what becomes of its connection. */
function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (res) => {
      res.resume().once('end', () => {
        resolve(`${res.statusCode ?? 0} ${res.headers.connection ?? ''}`);
      });
    }).once('error', reject);
  });
}
