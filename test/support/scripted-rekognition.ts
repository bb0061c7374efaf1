import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { listen } from './listen.ts';

interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly delayMs?: number;
}

/**
 * What one call gets: an answer; `reset` instead of one; `hang`, until the caller gives up; or `truncate`, an answer that
 * ends before its Content-Length.
 */
export type Step = ScriptedAnswer | 'reset' | 'hang' | 'truncate';

type Input = Readonly<Record<string, unknown>>;

/**
 * Steps in order, each used once; one step for every call; what makes a step of a call's input; or that for each operation,
 * `DescribeCollection` among them, which the other forms leave to `count`.
 */
export type Script =
  | readonly Step[]
  | { readonly always: Step }
  | { readonly answer: (input: Input, headers: IncomingHttpHeaders) => Step }
  | { readonly operations: Readonly<Record<string, (input: Input) => Step>> };

/** A call as it arrived. */
export interface RecordedCall {
  readonly headers: IncomingHttpHeaders;
  readonly operation: string;
  readonly input: Input;
  /** Settles when the connection is closed or the answer has been sent. */
  readonly ended: Promise<unknown>;
  /** Whether the caller went before it had an answer. */
  readonly aborted: () => boolean;
}

/** A Rekognition that answers by a script. */
export interface ScriptedRekognition {
  readonly url: string;
  readonly calls: readonly RecordedCall[];
  /** Stops it; throws where a step was left over, or a call came that was not in the script. */
  stop(): Promise<void>;
}

/** What AWS's messages may hold and no answer of the service may. */
export const SECRETS = ['arn:aws', '123456789012', 'ec2.internal', 'assumed-role', 'rekognition:ListUsers'];

const MESSAGE =
  'User: arn:aws:sts::123456789012:assumed-role/rollcall/i-1 is not authorized to perform: rekognition:ListUsers ' +
  'at ip-10-0-0-7.ec2.internal';

/** AWS's own form of an error. */
export function exception(name: string, status = 400, headers: Record<string, string> = {}): Step {
  return { status, headers, body: { __type: name, Message: MESSAGE, message: MESSAGE } };
}

/** A page of users who are all ACTIVE. */
export function pageOf(userIds: readonly string[], nextToken?: string): Step {
  const users = userIds.map((UserId) => ({ UserId, UserStatus: 'ACTIVE' }));
  return { body: { Users: users, ...(nextToken !== undefined && { NextToken: nextToken }) } };
}

/** A page of collections, all of one face model. */
export function collectionsOf(collectionIds: readonly string[], nextToken?: string): Step {
  const FaceModelVersions = collectionIds.map(() => '7.0');
  const page = { CollectionIds: collectionIds, FaceModelVersions };
  return { body: { ...page, ...(nextToken !== undefined && { NextToken: nextToken }) } };
}

/** What `DescribeCollection` says of a collection of so many users. */
export function describedAs(UserCount: number): Step {
  return { body: { UserCount, FaceCount: 0, FaceModelVersion: '7.0', CreationTimestamp: 1_700_000_000 } };
}

/** An HTML page, such as a proxy on the way makes. */
export function html(status: number): Step {
  return {
    status,
    headers: { 'Content-Type': 'text/html' },
    body: `<html><body>${MESSAGE}</body></html>`,
  };
}

/** Starts it on a free port. `count` is what it says when it is asked how many users a collection has. */
export async function startScriptedRekognition(
  script: Script,
  count: Step = exception('AccessDeniedException'),
): Promise<ScriptedRekognition> {
  const calls: RecordedCall[] = [];
  const unscripted: unknown[] = [];
  const left = 'length' in script ? [...script] : [];
  const stepFor = ({ operation, input, headers }: RecordedCall): Step | undefined => {
    if ('operations' in script) return script.operations[operation]?.(input);
    if ('answer' in script) return script.answer(input, headers);
    return 'always' in script ? script.always : left.shift();
  };
  const server = createServer((req, res) => {
    void record(req, res).then((call) => {
      if (call.operation === 'DescribeCollection' && !('operations' in script)) return play(count, res);
      calls.push(call);
      const step = stepFor(call);
      if (step === undefined) unscripted.push(call.input);
      return play(step ?? 'reset', res);
    });
  });
  const { url, stop } = await listen(server);
  return {
    url,
    calls,
    async stop() {
      await stop();
      if (unscripted.length > 0) throw new Error(`calls not in the script: ${JSON.stringify(unscripted)}`);
      if (left.length > 0) throw new Error(`steps left over: ${JSON.stringify(left)}`);
    },
  };
}

async function record(req: IncomingMessage, res: ServerResponse): Promise<RecordedCall> {
  const ended = once(res, 'close');
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const input = JSON.parse(Buffer.concat(chunks).toString()) as Input;
  const operation = String(req.headers['x-amz-target']).replace('RekognitionService.', '');
  return {
    headers: req.headers,
    operation,
    input,
    ended,
    aborted: () => res.destroyed && !res.writableFinished,
  };
}

async function play(step: Step, res: ServerResponse): Promise<void> {
  if (step === 'hang') return;
  if (step === 'reset') {
    res.socket?.resetAndDestroy();
    return;
  }
  if (step === 'truncate') {
    res.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.1', 'Content-Length': '1000' });
    res.write('{"Users":[', () => res.destroy());
    return;
  }
  const { status = 200, headers = {}, body, delayMs = 0 } = step;
  if (delayMs > 0) await sleep(delayMs);
  res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1', ...headers });
  res.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
}
