import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { expectStreamProblem, readRaw } from './contract.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a reader has of a stream whose status was 200. */
export interface ReadStream {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly userIds: readonly string[];
  /** The last line, where it is not a user. */
  readonly problem: Json | undefined;
  /** Whether the transfer ended cleanly. */
  readonly complete: boolean;
}

/** Opens a stream and leaves the reading to the test; nothing is read ahead. */
export async function openStream(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const req = get(`${url}${path}`, { agent: false, headers });
  req.on('error', () => undefined);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  res.on('error', () => undefined);
  return res;
}

/** Reads a stream to its end, clean or not. */
export async function readStream(
  url: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
): Promise<ReadStream> {
  return readRest(await openStream(url, path, headers), path);
}

/** Reads what is left of an open stream, and checks headers and lines against the contract. */
export async function readRest(res: IncomingMessage, path: string): Promise<ReadStream> {
  const lines = await readLines(res);
  const last = lines.at(-1)?.includes('"code"') ? lines.pop() : undefined;
  const problem = last === undefined ? undefined : (JSON.parse(last) as Json);
  if (problem) expectStreamProblem(problem);
  const body = lines.map((line) => `${line}\n`).join('');
  const head = Object.entries(res.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  const status = `HTTP/1.1 ${res.statusCode ?? 0} OK\r\n`;
  const { headers } = readRaw('GET', path, `${status}${head.join('')}\r\n${body}`);
  return {
    headers,
    userIds: lines.map((line) => (JSON.parse(line) as { userId: string }).userId),
    problem,
    complete: res.complete,
  };
}

/** The lines that are left of an open stream; what came of a line when the transfer was cut is no line. */
export async function readLines(res: IncomingMessage): Promise<string[]> {
  let text = '';
  res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // Not `once`, which would reject where the transfer is incomplete.
  await new Promise((resolve) => res.once('close', resolve));
  return text.split('\n').slice(0, -1);
}
