import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { listen } from '../support/listen.ts';

/** What one request gets. */
export type Answer = (res: ServerResponse, req: IncomingMessage) => void;

/** A service with scripted responses, for what the real one sends only in failures. */
export interface ScriptedService {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Stops it; throws where a step was left over, or a request came that was not in the script. */
  stop(): Promise<void>;
}

/** Starts it on a free port; each answer is used once, in order. */
export async function startScriptedService(...script: Answer[]): Promise<ScriptedService> {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    const answer = script[requests.length];
    requests.push(req);
    if (answer) answer(res, req);
    else res.destroy();
  });
  const { url, stop } = await listen(server);
  return {
    url,
    requests,
    async stop() {
      await stop();
      if (requests.length !== script.length) {
        throw new Error(`${requests.length} requests came, and the script has ${script.length}`);
      }
    },
  };
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (res) =>
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A problem document, as far as a client reads it. */
export function problem(code: string, retryable: boolean): Record<string, unknown> {
  return { code, status: 503, title: 'Failure', detail: 'There is a failure.', requestId: 'r-1', retryable };
}

/** An answer that never comes. */
export const silence: Answer = () => undefined;
