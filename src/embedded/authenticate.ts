import { timingSafeEqual } from 'node:crypto';
import { Fault } from './fault.ts';
import {
  canonicalRequest,
  parseAuthorization,
  sha256,
  sign,
  signingKey,
  stringToSign,
  type Authorization,
  type CredentialScope,
  type SignableRequest,
} from './sigv4.ts';

const service = 'rekognition';
const skewMinutes = 15;

interface AuthenticatorOptions {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Checks who signed a request; throws the fault AWS answers where the signature is missing, old or wrong. */
export type Authenticate = (request: SignableRequest) => void;

/** An authenticator that knows one pair of keys, in every Region. */
export function createAuthenticator({
  accessKeyId,
  secretAccessKey,
  now,
}: AuthenticatorOptions): Authenticate {
  const keyOf = rememberLast((scope) => signingKey(secretAccessKey, scope));
  return (request) => {
    const authorization = readAuthorization(request);
    if (authorization.accessKeyId !== accessKeyId) throw new Fault('UnrecognizedClientException');
    const amzDate = request.headers['x-amz-date']?.[0] ?? '';
    checkScope(authorization, amzDate);
    checkAge(amzDate, now());
    checkPayload(request);
    const canonical = canonicalRequest(request, authorization.signedHeaders);
    const expected = sign(keyOf(authorization), stringToSign(amzDate, authorization, canonical));
    if (!sameText(expected, authorization.signature)) throw new Fault('InvalidSignatureException');
  };
}

function readAuthorization({ headers }: SignableRequest): Authorization {
  const header = headers['authorization']?.[0];
  if (!header) throw new Fault('MissingAuthenticationTokenException');
  const authorization = parseAuthorization(header);
  if (!authorization) {
    throw new Fault('IncompleteSignatureException', {
      message: "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
    });
  }
  return authorization;
}

function checkScope(authorization: Authorization, amzDate: string): void {
  if (authorization.service !== service) {
    throw invalid(`Credential should be scoped to correct service: '${service}'. `);
  }
  if (!/^\d{8}T\d{6}Z$/.test(amzDate)) {
    throw new Fault('IncompleteSignatureException', {
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

function checkAge(amzDate: string, now: number): void {
  const signed = Date.parse(amzDate.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const [earliest, latest] = [now - skewMinutes * 60_000, now + skewMinutes * 60_000];
  const at = basicIso(now);
  if (!(signed >= earliest)) {
    throw invalid(
      `Signature expired: ${amzDate} is now earlier than ${basicIso(earliest)} (${at} - ${skewMinutes} min.)`,
    );
  }
  if (signed > latest) {
    throw invalid(
      `Signature not yet current: ${amzDate} is still later than ${basicIso(latest)} (${at} + ${skewMinutes} min.)`,
    );
  }
}

function checkPayload({ headers, body }: SignableRequest): void {
  const claimed = headers['x-amz-content-sha256']?.[0];
  if (claimed !== undefined && claimed !== sha256(body)) {
    throw invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
}

function invalid(message: string): Fault {
  return new Fault('InvalidSignatureException', { message });
}

function basicIso(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

function sameText(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A client keeps to one scope for a day, so one key is all that is worth keeping. */
function rememberLast(derive: (scope: CredentialScope) => Buffer): (scope: CredentialScope) => Buffer {
  let last: { readonly scope: string; readonly key: Buffer } | undefined;
  return (scope) => {
    const name = `${scope.date}/${scope.region}/${scope.service}`;
    if (last?.scope !== name) last = { scope: name, key: derive(scope) };
    return last.key;
  };
}
