import { createHash, createHmac } from 'node:crypto';

import type { EmbeddedRekognition } from '../../src/embedded/start.ts';

interface SignedOptions {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly service?: string;
  /** As `YYYYMMDDThhmmssZ`. */
  readonly amzDate?: string;
  /** The date in the credential's scope, where it is not the request's. */
  readonly scopeDate?: string;
  readonly signedHeaders?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
}

/** AWS's example keys, as the embedded Rekognition takes them. */
export const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** `YYYYMMDDThhmmssZ` of a time in milliseconds. */
export function amzDateOf(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The headers of a signed `POST /`, made without the SDK and without the signer that checks them. */
export function signedHeaders(
  target: string,
  body: string,
  options: SignedOptions = {},
): Record<string, string> {
  const { amzDate = amzDateOf(Date.now()), service = 'rekognition', host = 'localhost' } = options;
  const { accessKeyId, secretAccessKey } = { ...keys, ...options };
  const headers = { 'x-amz-target': target, 'x-amz-date': amzDate, ...options.headers };
  const names = options.signedHeaders ?? ['host', ...Object.keys(headers)].sort();
  const date = options.scopeDate ?? amzDate.slice(0, 8);
  const scope = [date, 'us-east-1', service, 'aws4_request'];
  const all: Record<string, string> = { ...headers, host };
  const lines = names.map((name) => `${name}:${all[name] ?? ''}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names.join(';'), sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', amzDate, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  const signature = hmac(key, text).toString('hex');
  const credential = `${accessKeyId}/${scope.join('/')}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** SHA-256, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** A signed call by `fetch`, for what can only be seen on the wire. */
export function signedFetch(
  { url }: EmbeddedRekognition,
  target: string,
  body: string,
  options: SignedOptions = {},
): Promise<Response> {
  const headers = signedHeaders(target, body, { ...options, host: new URL(url).host });
  return fetch(url, { method: 'POST', body, headers });
}
