import { signingKey, canonicalRequest, sign, stringToSign } from '../../src/embedded/sigv4.ts';
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

/** The headers of a signed `POST /`, as a client other than the SDK would make them. */
export function signedHeaders(
  target: string,
  body: string,
  options: SignedOptions = {},
): Record<string, string> {
  const { amzDate = amzDateOf(Date.now()), service = 'rekognition', host = 'localhost' } = options;
  const { accessKeyId, secretAccessKey } = { ...keys, ...options };
  const headers = { 'x-amz-target': target, 'x-amz-date': amzDate, ...options.headers };
  const names = options.signedHeaders ?? ['host', ...Object.keys(headers)].sort();
  const scope = { date: options.scopeDate ?? amzDate.slice(0, 8), region: 'us-east-1', service };
  const values = Object.entries({ ...headers, host }).map(([name, value]) => [name, [value]]);
  const request = { method: 'POST', path: '/', headers: Object.fromEntries(values), body: Buffer.from(body) };
  const text = stringToSign(amzDate, scope, canonicalRequest(request, names));
  const signature = sign(signingKey(secretAccessKey, scope), text);
  const credential = `${accessKeyId}/${scope.date}/us-east-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
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
