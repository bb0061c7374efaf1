import { afterEach, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { messageClasses } from '../../src/http/listener.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Messages = [IncomingMessage, ServerResponse];

/** The prototypes of one exchange, before Express saw it and in a handler. */
async function prototypesOf(app: Express, server: Server): Promise<{ before: object[]; within: object[] }> {
  servers.push(server);
  const prototypes = (messages: Messages): object[] =>
    messages.map((message) => Object.getPrototypeOf(message) as object);
  const seen = { before: [] as object[], within: [] as object[] };
  server.prependListener('request', (...messages: Messages) => (seen.before = prototypes(messages)));
  app.get('/', (req, res) => {
    seen.within = prototypes([req, res]);
    res.json({ path: req.path });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect((await fetch(`http://127.0.0.1:${port}/`)).json()).resolves.toEqual({ path: '/' });
  return seen;
}

test('Express changes the prototype of no message, and its own methods work', async () => {
  const app = express();
  const { before, within } = await prototypesOf(app, createServer(messageClasses(app), app));
  expect(within[0]).toBe(before[0]);
  expect(within[1]).toBe(before[1]);
});

test('without these classes Express gives every message another prototype', async () => {
  const app = express();
  const { before, within } = await prototypesOf(app, createServer(app));
  expect(within[0]).not.toBe(before[0]);
  expect(within[1]).not.toBe(before[1]);
});
