import { hash, timingSafeEqual } from 'node:crypto';

import { SignatureV4 } from '@smithy/signature-v4';

import { AwsException } from './aws-exception.ts';
import { Sha256 } from './sha256.ts';

const service = 'rekognition';
const skewMinutes = 15;

/** The parts of a request that a signature covers. There is no query: this server has none. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names; a repeated header has several values. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** An `Authorization` header, taken apart. */
interface Authorization {
  readonly accessKeyId: string;
  /** As `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

interface AuthenticatorOptions {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Checks who signed a request; rejects with the exception of AWS where the signature is missing, old or wrong. */
export type Authenticate = (request: SignedRequest) => Promise<void>;

/** An authenticator that knows one pair of keys, in every Region: it signs the request again, and compares. */
export function createAuthenticator({ now, ...keys }: AuthenticatorOptions): Authenticate {
  const signer = new SignatureV4({
    credentials: keys,
    region: '',
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  return async (request) => {
    const authorization = readAuthorization(request);
    if (authorization.accessKeyId !== keys.accessKeyId) {
      throw new AwsException('UnrecognizedClientException');
    }
    const amzDate = request.headers['x-amz-date']?.[0] ?? '';
    checkScope(authorization, amzDate);
    const signedAt = Date.parse(amzDate.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
    checkAge(amzDate, signedAt, now());
    checkPayload(request);
    const signed = await signer.sign(onlySigned(request, authorization.signedHeaders), {
      signingDate: new Date(signedAt),
      signingRegion: authorization.region,
      signableHeaders: new Set(authorization.signedHeaders),
    });
    const [, signature = ''] = signed.headers['authorization']?.split('Signature=') ?? [];
    if (!sameText(signature, authorization.signature)) throw new AwsException('InvalidSignatureException');
  };
}

function readAuthorization({ headers }: SignedRequest): Authorization {
  const header = headers['authorization']?.[0];
  if (!header) throw new AwsException('MissingAuthenticationTokenException');
  const [, list = ''] = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(header) ?? [];
  const part = (name: string): string =>
    new RegExp(`(?:^|,)\\s*${name}=([^,\\s]+)\\s*(?:,|$)`).exec(list)?.[1] ?? '';
  const scope = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(part('Credential'));
  const [signedHeaders, signature] = [part('SignedHeaders'), part('Signature')];
  if (!scope || signedHeaders === '' || signature === '') {
    throw new AwsException('IncompleteSignatureException', {
      message: "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
    });
  }
  const [, accessKeyId = '', date = '', region = '', scopedTo = ''] = scope;
  return { accessKeyId, date, region, service: scopedTo, signedHeaders: signedHeaders.split(';'), signature };
}

function checkScope(authorization: Authorization, amzDate: string): void {
  if (authorization.service !== service) {
    throw invalid(`Credential should be scoped to correct service: '${service}'. `);
  }
  if (!/^\d{8}T\d{6}Z$/.test(amzDate)) {
    throw new AwsException('IncompleteSignatureException', {
      message: "Authorization header requires existence of an 'X-Amz-Date' header.",
    });
  }
  if (!amzDate.startsWith(authorization.date)) {
    throw invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${authorization.date}' != '${amzDate.slice(0, 8)}', from '${amzDate}'.`,
    );
  }
  if (!authorization.signedHeaders.includes('host')) {
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
}

function checkAge(amzDate: string, signedAt: number, now: number): void {
  const [earliest, latest] = [now - skewMinutes * 60_000, now + skewMinutes * 60_000];
  const at = basicIso(now);
  // A day that does not exist is no number, and is not later than anything.
  if (!(signedAt >= earliest)) {
    throw invalid(
      `Signature expired: ${amzDate} is now earlier than ${basicIso(earliest)} (${at} - ${skewMinutes} min.)`,
    );
  }
  if (signedAt > latest) {
    throw invalid(
      `Signature not yet current: ${amzDate} is still later than ${basicIso(latest)} (${at} + ${skewMinutes} min.)`,
    );
  }
}

/** The signer takes a hash that is in the headers as it is. */
function checkPayload({ headers, body }: SignedRequest): void {
  const claimed = headers['x-amz-content-sha256']?.[0];
  if (claimed !== undefined && claimed !== hash('sha256', body, 'hex')) {
    throw invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
}

/** The request with the signed headers alone: the signer signs all that it is given. */
function onlySigned({ method, path, headers, body }: SignedRequest, names: readonly string[]) {
  const signed = names.flatMap((name) => {
    const values = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return values ? [[name, values.join(',')] as const] : [];
  });
  return { method, protocol: 'http:', hostname: '', path, headers: Object.fromEntries(signed), body };
}

function invalid(message: string): AwsException {
  return new AwsException('InvalidSignatureException', { message });
}

function basicIso(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

function sameText(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
