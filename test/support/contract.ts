import { readFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { expect } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { formats } from './formats.ts';

type Json = Readonly<Record<string, unknown>>;
type HeaderValues = Readonly<Record<string, string | undefined>>;

/** An answer that has been checked against the contract. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly text: string;
  /** The body as JSON, or nothing. */
  readonly json: Readonly<Record<string, unknown>>;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

const document = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Json;
const ajv = new Ajv2020({ strict: false, allErrors: true, formats });
ajv.addSchema(document, 'contract');

/** One status that the contract documents for one operation. */
export interface Documented {
  readonly operationId: string;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  readonly status: number;
}

/** Every status of every operation, to GET and to HEAD; only a method that is not there is neither. */
export function documented(): Documented[] {
  return Object.entries(document['paths'] as Record<string, { get: Json }>).flatMap(([path, { get }]) => {
    const { operationId, responses } = get as { operationId: string; responses: Json };
    const statuses = Object.keys(responses).map(Number);
    const rowsOf = (method: 'GET' | 'HEAD') =>
      statuses.map((status) => ({ operationId, method, path, status }));
    return [...rowsOf('GET'), ...rowsOf('HEAD').filter(({ status }) => status !== 405)];
  });
}

/** Requests a path as it is written, with nothing normalised, and checks the answer against the contract. */
export async function call(url: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, signal } = asked;
  const { hostname, port } = new URL(url);
  // Else the service closes every connection, and a test of `Connection: close` shows nothing.
  const keptAlive = { Connection: 'keep-alive', ...headers };
  const answer = await new Promise<Answer>((resolve, reject) => {
    const req = request({
      hostname,
      port,
      path,
      method,
      headers: keptAlive,
      agent: false,
      ...(signal && { signal }),
    });
    req.on('error', reject);
    req.on('response', (res) => {
      text(res).then((read) => {
        resolve(toAnswer(res.statusCode ?? 0, flatten(res.headers), read));
      }, reject);
    });
    req.end(body);
  });
  checkAnswer(method, path, answer);
  return answer;
}

function flatten(headers: IncomingHttpHeaders): HeaderValues {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** Sends bytes as they are, reads until the connection is closed, and returns what came. */
export async function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
}

/** Reads the one answer that came over a socket, and checks it against the contract. */
export function readRaw(method: string, path: string, raw: string): Answer {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const [name = '', ...value] = line.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  const answer = toAnswer(
    Number(statusLine.split(' ')[1]),
    Object.fromEntries(headers) as HeaderValues,
    rest.join('\r\n\r\n'),
  );
  checkAnswer(method, path, answer);
  return answer;
}

function toAnswer(status: number, headers: HeaderValues, body: string): Answer {
  const isJson = /[/+]json\b/.test(headers['content-type'] ?? '') && body !== '';
  return { status, headers, text: body, json: isJson ? (JSON.parse(body) as Json) : {} };
}

/** Holds an answer against the contract: its status, headers, media type and body. */
function checkAnswer(method: string, target: string, answer: Answer): void {
  expectCommonHeaders(answer);
  if (answer.headers['content-type'] === 'application/problem+json' && answer.text !== '') {
    expectProblem(target, answer);
  }
  const path = templateOf(target);
  if (method === 'OPTIONS' || path === undefined) {
    expect([204, 303, 400, 401, 404, 429, 503]).toContain(answer.status);
    return;
  }
  const [pointer, response] = follow(['paths', path, 'get', 'responses', String(answer.status)]);
  // A method that is nowhere documented has no answers but these.
  if (!['GET', 'HEAD'].includes(method)) expect([400, 401, 405, 429, 503]).toContain(answer.status);
  if (response === undefined) {
    throw new Error(`the contract has no ${answer.status} for ${method} ${path}: ${answer.text}`);
  }
  expectHeaders([...pointer, 'headers'], answer);
  expectBody([...pointer, 'content'], response['content'] as Json | undefined, answer, method);
}

function templateOf(target: string): string | undefined {
  const [path = ''] = target.split('?');
  const templates = Object.keys(document['paths'] as Json);
  return templates.find((template) =>
    new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
}

/** What stands at a place of the document, and where it really is, every `$ref` on the way followed. */
function follow(place: readonly string[]): [string[], Json | undefined] {
  let at: string[] = [];
  let value: Json | undefined = document;
  for (const name of place) {
    at = [...at, name];
    value = value?.[name] as Json | undefined;
    const ref = value?.['$ref'];
    if (typeof ref === 'string') [at, value] = follow(ref.slice(2).split('/'));
  }
  return [at, value];
}

function expectValid(place: readonly string[], value: unknown): void {
  const { $ref, validate } = validatorOf(place);
  // Most values are valid, and some are many.
  if (validate(value) === true) return;
  expect({ at: $ref, errors: validate.errors, value }).toEqual({ at: $ref, errors: null, value });
}

function validatorOf(place: readonly string[]) {
  const escaped = place.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')));
  const $ref = `contract#/${escaped.join('/')}`;
  return { $ref, validate: ajv.getSchema($ref) ?? ajv.compile({ $ref }) };
}

/** Those of HTTP itself, which OpenAPI leaves out. */
const OF_HTTP = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding'];

function expectHeaders(place: readonly string[], { headers }: Answer): void {
  const [, described = {}] = follow(place);
  const known = [...OF_HTTP, ...Object.keys(described).map((name) => name.toLowerCase())];
  expect(Object.keys(headers).filter((name) => !known.includes(name))).toEqual([]);
  for (const name of Object.keys(described)) {
    const [at, header] = follow([...place, name]);
    const value = headers[name.toLowerCase()];
    if (header?.['required'] === true)
      expect({ name, present: value !== undefined }).toEqual({ name, present: true });
    if (value === undefined) continue;
    const { type } = header?.['schema'] as { type: string };
    expectValid([...at, 'schema'], type === 'integer' ? Number(value) : value);
  }
}

function expectBody(
  place: readonly string[],
  content: Json | undefined,
  answer: Answer,
  method: string,
): void {
  if (content === undefined) {
    expect(answer.text).toBe('');
    return;
  }
  const mediaType = (answer.headers['content-type'] ?? '').replace(/;.*/, '');
  expect(Object.keys(content)).toContain(mediaType);
  if (method === 'HEAD') {
    // What the parser refuses it refuses without a method; the connection is closed behind it.
    if (![408, 431].includes(answer.status)) expect(answer.text).toBe('');
    return;
  }
  const schema = [...place, mediaType, 'schema'];
  if (mediaType === 'application/x-ndjson') expectLines(schema, answer.text);
  else expectValid(schema, /[/+]json$/.test(mediaType) ? answer.json : answer.text);
}

/** Holds the last line of a stream that is not complete against the contract. */
export function expectStreamProblem(problem: Json): void {
  expectValid(['components', 'schemas', 'StreamProblem'], problem);
}

/** Holds each line of a stream against the schema, which is that of a line. */
function expectLines(schema: readonly string[], text: string): void {
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  const { validate } = validatorOf(schema);
  expect(lines.filter((line) => validate(JSON.parse(line)) !== true)).toEqual([]);
}

function expectProblem(target: string, { status, headers, json }: Answer): void {
  expectValid(['components', 'schemas', 'Problem'], json);
  expect(json['status']).toBe(status);
  expect(json['requestId']).toBe(headers['x-request-id']);
  const path = target.replace(/\?.*/, '').replace(/%(?![0-9a-f]{2})/gi, '%25');
  if (json['instance'] !== '/') expect(json['instance']).toBe(path);
  expect(json['retryAfter']?.toString()).toBe(headers['retry-after']);
  expect('errors' in json).toBe(json['code'] === 'INVALID_PARAMETER' && 'errors' in json);
}

function expectCommonHeaders({ status, headers }: Answer): void {
  expect(headers).toMatchObject({
    'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    vary: expect.stringContaining('Origin'),
  });
  expect(headers).not.toHaveProperty('x-powered-by');
  if (status >= 400) expect(headers['cache-control']).toBe('no-store');
}
