import { createHmac, hash } from 'node:crypto';

// AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

/** What a credential is good for: one day, one Region, one service. */
export interface CredentialScope {
  /** As `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** An `Authorization` header, taken apart. */
export interface Authorization extends CredentialScope {
  readonly accessKeyId: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** The parts of a request that a signature covers. There is no query: this server has none. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names; a repeated header has several values. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
}

const credentialPattern = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/;

/** Takes an `AWS4-HMAC-SHA256` header apart; undefined where it is anything else. */
export function parseAuthorization(header: string): Authorization | undefined {
  const list = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(header)?.[1];
  const parts = new Map(list?.split(',').map((part) => splitAt(part.trim(), '=')));
  const [, accessKeyId, date, region, service] = credentialPattern.exec(parts.get('Credential') ?? '') ?? [];
  const signedHeaders = parts.get('SignedHeaders')?.split(';');
  const signature = parts.get('Signature');
  if (!accessKeyId || !date || !region || !service || !signedHeaders || !signature) return undefined;
  return { accessKeyId, date, region, service, signedHeaders, signature };
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The request in the one form that both sides hash. */
export function canonicalRequest(request: SignableRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name] ?? [])}\n`);
  const payload = sha256(request.body);
  return [request.method, request.path, '', headers.join(''), signedHeaders.join(';'), payload].join('\n');
}

function canonicalValue(values: readonly string[]): string {
  return values.map((value) => value.trim().replace(/ +/g, ' ')).join(',');
}

/** What is signed. `amzDate` is `X-Amz-Date`, as `YYYYMMDDThhmmssZ`. */
export function stringToSign(amzDate: string, scope: CredentialScope, canonical: string): string {
  const credential = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  return ['AWS4-HMAC-SHA256', amzDate, credential, sha256(canonical)].join('\n');
}

/** The key of a scope, the same for every request in it. */
export function signingKey(secretAccessKey: string, { date, region, service }: CredentialScope): Buffer {
  return [date, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

/** The signature, in hex. */
export function sign(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

/** SHA-256, in hex. */
export function sha256(data: string | Buffer): string {
  return hash('sha256', data, 'hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
