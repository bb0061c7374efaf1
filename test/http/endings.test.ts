import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterEach, expect, test } from '@jest/globals';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import express, { type RequestHandler } from 'express';

import { createListener } from '../../src/http/listener.ts';
import { contextOf, requestContext } from '../../src/http/context.ts';
import { observe } from '../../src/http/observe.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { until } from '../support/service.ts';

/** More than the buffers of a connection hold, so that what is pipelined behind it waits for its reader. */
const UNREAD = Buffer.alloc(32 * 1024 * 1024);

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Line = Readonly<Record<string, unknown>>;

interface Observed {
  readonly lines: Line[];
  readonly counted: number[];
  readonly spans: string[];
  readonly ended: string[];
}

/** A service of which each request's end is observed, as the app observes it. */
async function serve(handler: RequestHandler, failing?: 'metrics' | 'spans') {
  const observed: Observed = { lines: [], counted: [], spans: [], ended: [] };
  const destination = { write: (line: string) => observed.lines.push(JSON.parse(line) as Line) };
  const logger = createLogger({ level: 'info', output: destination });
  const tracer = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd({ name }) {
          if (failing === 'spans') throw new Error('spans fail');
          observed.spans.push(name);
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  }).getTracer('test');
  const metrics = createMetrics([]);
  metrics.requests.inc = (labels) => {
    if (failing === 'metrics') throw new Error('metrics fail');
    observed.counted.push(Number(Object(labels).status));
  };
  const app = express();
  const startTrace = () => ({ tracer, span: tracer.startSpan('HTTP') });
  app.use(requestContext(logger), observe({ logger, metrics, startTrace }));
  app.use((req, res, next) => {
    contextOf(res).onEnded(() => observed.ended.push(req.path));
    if (req.path === '/unread') res.end(UNREAD);
    else next();
  });
  app.use(handler);
  const server = createListener(app);
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const dial = (...paths: string[]) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    return socket;
  };
  return { observed, dial };
}

test.each(['destroy', 'resetAndDestroy'] as const)(
  'a request whose answer waits behind an unread one ends with its connection, which does %s',
  async (leave) => {
    const left: AbortSignal[] = [];
    const { observed, dial } = await serve((_req, res) => {
      left.push(contextOf(res).clientSignal());
    });
    const socket = dial('/unread', '/a', '/b');
    await until(() => left.length === 2);
    socket[leave]();
    await until(() => observed.ended.length === 3);
    expect(observed.ended.toSorted()).toEqual(['/a', '/b', '/unread']);
    expect(left.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(observed.lines.map(({ status, aborted }) => [status, aborted])).toEqual(
      expect.arrayContaining([
        [200, true],
        [499, true],
        [499, true],
      ]),
    );
    expect(observed.counted.toSorted()).toEqual([200, 499, 499]);
    expect(observed.spans).toHaveLength(3);
  },
);

test('requests that are answered end once each, in their order', async () => {
  const { observed, dial } = await serve((_req, res) => res.end('whole'));
  const socket = dial('/a', '/b');
  socket.resume();
  await until(() => observed.ended.length === 2);
  socket.destroy();
  await once(socket, 'close');
  expect(observed.ended).toEqual(['/a', '/b']);
  expect(observed.lines.map(({ status, aborted }) => [status, aborted])).toEqual([
    [200, undefined],
    [200, undefined],
  ]);
});

test('what asks for the end when it is past is called at once', async () => {
  const contexts: ReturnType<typeof contextOf>[] = [];
  const { observed, dial } = await serve((_req, res) => contexts.push(contextOf(res)));
  const socket = dial('/a');
  await until(() => contexts.length === 1);
  socket.destroy();
  await until(() => observed.ended.length === 1);
  let calls = 0;
  contexts[0]?.onEnded(() => (calls += 1));
  expect(calls).toBe(1);
  expect(contexts[0]?.clientSignal().aborted).toBe(true);
});

test.each(['metrics', 'spans'] as const)(
  'where %s fail at the end of a request, it is a line of the log, and the other observers run',
  async (failing) => {
    const { observed, dial } = await serve((_req, res) => res.end('whole'), failing);
    dial('/a').resume();
    await until(() => observed.ended.length === 1);
    expect(observed.lines).toContainEqual(expect.objectContaining({ msg: 'request', status: 200 }));
    expect(observed.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        err: expect.objectContaining({ message: `${failing} fail` }),
      }),
    );
  },
);
