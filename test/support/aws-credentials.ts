import { createServer, type ServerResponse } from 'node:http';

import { listen } from './listen.ts';

/** What a source of credentials does when it is asked. */
export type SourceMode =
  | 'ok'
  | 'reset'
  | 'hang'
  | 'html'
  | { readonly exception: string; readonly status: number }
  | { readonly status: number };

/** Where credentials come from: STS at `/`, the agent of a container at `/creds`, and the metadata of an instance. */
export interface CredentialSource {
  readonly url: string;
  mode: SourceMode;
  /** The key that is given next. */
  accessKeyId: string;
  stop(): Promise<void>;
}

/** What no log line may hold of a source's answer. */
export const SOURCE_TEXT = 'arn:aws:iam::111122223333:role/secret';

/** Starts a made-up source on a free port. */
export async function startCredentialSource(): Promise<CredentialSource> {
  const server = createServer((req, res) => {
    req.resume().once('end', () => {
      play(source, req.url ?? '', res);
    });
  });
  const source: CredentialSource = {
    ...(await listen(server)),
    mode: 'ok',
    accessKeyId: 'AKIDGOOD',
  };
  return source;
}

function play({ mode, accessKeyId }: CredentialSource, path: string, res: ServerResponse): void {
  if (mode === 'hang') return;
  if (mode === 'reset') res.socket?.resetAndDestroy();
  else if (mode === 'html') reply(res, 200, 'text/html', `<html>${SOURCE_TEXT}</html>`);
  else if (mode === 'ok') give(path, accessKeyId, res);
  else reply(res, mode.status, 'text/xml', 'exception' in mode ? refusal(mode.exception) : SOURCE_TEXT);
}

function give(path: string, accessKeyId: string, res: ServerResponse): void {
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const keys = {
    AccessKeyId: accessKeyId,
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: expiration,
    Code: 'Success',
  };
  if (path === '/') reply(res, 200, 'text/xml', assumedRole(accessKeyId, expiration));
  else if (path === '/latest/api/token') reply(res, 200, 'text/plain', 'token');
  else if (path.endsWith('/security-credentials/')) reply(res, 200, 'text/plain', 'role');
  else reply(res, 200, 'application/json', JSON.stringify(keys));
}

function reply(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'Content-Type': type }).end(body);
}

function refusal(exception: string): string {
  return `<ErrorResponse><Error><Code>${exception}</Code><Message>${SOURCE_TEXT}</Message></Error></ErrorResponse>`;
}

function assumedRole(accessKeyId: string, expiration: string): string {
  return `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
    <SessionToken>token</SessionToken><Expiration>${expiration}</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}
