import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

import { afterEach, describe, expect, test } from '@jest/globals';

import { readUsers } from '../../examples/read-users.mjs';
import { exampleUsers } from '../../src/embedded/example-users.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { listen, type Listening } from '../support/listen.ts';
import { exception, pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices } from '../support/service.ts';

const open: Listening[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ stop }) => stop()));
  await stopServices();
});

type Options = Parameters<typeof readUsers>[2];

async function idsOf(url: string, id: string, options: Options = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { userId } of readUsers(url, id, { retryDelayMs: 1, ...options })) found.push(userId);
  return found;
}

/** A service of these answers, one a request. */
async function serve(...answers: RequestListener[]): Promise<string> {
  const server = createServer((req, res) => {
    res.setHeader('Content-Type', 'application/x-ndjson');
    answers.shift()?.(req, res);
  });
  const listening = await listen(server);
  open.push(listening);
  return listening.url;
}

const line = (userId: string) => `${JSON.stringify({ userId, userStatus: 'ACTIVE' })}\n`;
const problemOf = (code: string, retryable: boolean) => ({ code, detail: 'why', retryable, requestId: 'r' });
const broken =
  (text: string): RequestListener =>
  (_req, res) => {
    res.write(text, () => res.destroy());
  };
const refusal =
  (code: string, retryable: boolean, members = {}): RequestListener =>
  (_req, res) => {
    res.writeHead(503).end(JSON.stringify({ ...problemOf(code, retryable), ...members }));
  };

describe('readUsers', () => {
  test('reads every user of a collection, and tells how far it is', async () => {
    const endpoint = await startEmbeddedRekognition({ tps: 0 });
    const { url } = await startService({ endpoint });
    const reports: { users: number; total: number | undefined }[] = [];
    const found = await idsOf(url, 'example-campus', { onProgress: (report) => reports.push(report) });
    expect(found.toSorted()).toEqual(
      exampleUsers(5000)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(reports.at(-1)?.users).toBe(5000);
    await endpoint.stop();
  });

  test('goes on from the nextToken of an incomplete stream, as often as it takes', async () => {
    const failing = exception('InternalServerError', 500);
    const script = [pageOf(['a'], 't1'), failing, pageOf(['b'], 't2'), failing, failing, pageOf(['c'])];
    const { url, calls } = await startService({ script, config: { upstream: { maxAttempts: 1 } } });
    await expect(idsOf(url, 'team')).resolves.toEqual(['a', 'b', 'c']);
    const tokens = calls.map(({ input }) => input['NextToken']);
    expect(tokens).toEqual([undefined, 't1', 't1', 't2', 't2', 't2']);
  });

  test('repeats no user after a connection that broke without a word', async () => {
    const url = await serve(
      broken(`${line('a')}${line('b')}{"userId":"c`),
      broken(`${line('a')}${line('b')}${line('c')}`),
      (_req, res) => res.end(['a', 'b', 'c', 'd'].map(line).join('')),
    );
    await expect(idsOf(url, 'team')).resolves.toEqual(['a', 'b', 'c', 'd']);
  });

  test('takes an empty page of a proxy for no collection', async () => {
    const url = await serve((_req, res) => res.setHeader('Content-Type', 'text/html').end());
    await expect(idsOf(url, 'team', { attempts: 1 })).rejects.toThrow('JSON');
  });

  test.each(['/api', '/api/', '/'])('finds the service under %s of its host', async (prefix) => {
    const asked: (string | undefined)[] = [];
    const url = await serve((req, res) => {
      asked.push(req.url);
      res.end(line('a'));
    });
    await expect(idsOf(url + prefix, 'team')).resolves.toEqual(['a']);
    expect(asked).toEqual([`${prefix.replace(/\/$/, '')}/collections/team/users.ndjson`]);
  });

  test('takes a stream that ends within a line for incomplete', async () => {
    const url = await serve(
      (_req, res) => res.end(line('a').slice(0, -3)),
      (_req, res) => res.end(line('a')),
    );
    await expect(idsOf(url, 'team')).resolves.toEqual(['a']);
  });

  test('reads characters that arrive in halves', async () => {
    const bytes = Buffer.from(line('älice'));
    const url = await serve((_req, res) => {
      res.write(bytes.subarray(0, 12));
      setTimeout(() => res.end(bytes.subarray(12)), 50);
    });
    await expect(idsOf(url, 'team')).resolves.toEqual(['älice']);
  });

  const asked = { ...problemOf('OVERLOADED', true), retryAfter: 1, nextToken: 't' };
  test.each<[string, RequestListener]>([
    ['of a refusal', refusal('OVERLOADED', true, { retryAfter: 1 })],
    ['of the last line of a stream', broken(`${JSON.stringify(asked)}\n`)],
  ])('waits as long as retryAfter %s says', async (_title, answer) => {
    let again = Infinity;
    const url = await serve(answer, (_req, res) => {
      again = performance.now();
      res.end(line('a'));
    });
    const began = performance.now();
    await expect(idsOf(url, 'team')).resolves.toEqual(['a']);
    expect(again - began).toBeGreaterThanOrEqual(990);
  });

  test('throws what is of no use to repeat, before the first user and after it', async () => {
    const denied = { ...problemOf('UPSTREAM_ACCESS_DENIED', false), nextToken: 't' };
    const url = await serve(refusal('FORBIDDEN', false), (_req, res) => {
      res.write(`${line('a')}${JSON.stringify(denied)}\n`);
      setTimeout(() => res.destroy(), 50);
    });
    await expect(idsOf(url, 'team')).rejects.toMatchObject({ problem: { code: 'FORBIDDEN' } });
    await expect(idsOf(url, 'team')).rejects.toMatchObject({ problem: { code: 'UPSTREAM_ACCESS_DENIED' } });
  });

  test('gives up after so many failures in a row, and a user between them counts anew', async () => {
    const refused = refusal('OVERLOADED', true);
    const url = await serve(refused, refused, broken(line('a')), refused, refused, refused);
    const found: string[] = [];
    const reading = async () => {
      const users = readUsers(url, 'team', { retryDelayMs: 1, attempts: 3 });
      for await (const { userId } of users) found.push(userId);
    };
    await expect(reading()).rejects.toThrow('OVERLOADED');
    expect(found).toEqual(['a']);
  });

  test('ends with the reason of its signal, while it reads and while it waits', async () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const url = await serve((_req, res) => res.write(line('a')), refusal('OVERLOADED', true));
    const reading = async () => {
      for await (const { userId } of readUsers(url, 'team', { signal }))
        if (userId) leaving.abort(new Error('enough'));
    };
    await expect(reading()).rejects.toThrow('enough');
    const slow = { signal: AbortSignal.timeout(100), retryDelayMs: 1e9, attempts: 2 };
    await expect(idsOf(url, 'team', slow)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('ends the transfer when its loop is left', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serve((_req, res) => {
      closed = once(res, 'close');
      res.write(line('a'));
    });
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    for await (const _ of readUsers(url, 'team')) break;
    await expect(closed).resolves.toEqual([]);
  });
});
