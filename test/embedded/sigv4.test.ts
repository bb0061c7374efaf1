import { describe, expect, test } from '@jest/globals';
import {
  canonicalRequest,
  parseAuthorization,
  sign,
  signingKey,
  stringToSign,
} from '../../src/embedded/sigv4.ts';

// From AWS's Signature Version 4 test suite; its key, date and scope are the same in every case.
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const scope = { date: '20150830', region: 'us-east-1', service: 'service' };
const base = { host: ['example.amazonaws.com'], 'x-amz-date': ['20150830T123600Z'] };

const suite = [
  {
    name: 'get-vanilla',
    method: 'GET',
    headers: base,
    body: '',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    headers: base,
    body: '',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'get-header-key-duplicate',
    method: 'GET',
    headers: { ...base, 'my-header1': ['value2', 'value2', 'value1'] },
    body: '',
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-trim',
    method: 'GET',
    headers: { ...base, 'my-header1': [' value1'], 'my-header2': [' "a   b   c"'] },
    body: '',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    headers: { ...base, 'content-type': ['application/x-www-form-urlencoded'] },
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
];

describe('Signature Version 4', () => {
  test.each(suite)("signs $name as AWS's test suite does", ({ method, headers, body, signature }) => {
    const names = Object.keys(headers).sort();
    const canonical = canonicalRequest({ method, path: '/', headers, body: Buffer.from(body) }, names);
    const text = stringToSign('20150830T123600Z', scope, canonical);
    expect(sign(signingKey(secret, scope), text)).toBe(signature);
  });

  test('hashes a signed header that is not there as an empty one', () => {
    const request = { method: 'POST', path: '/', headers: {}, body: Buffer.from('') };
    expect(canonicalRequest(request, ['host'])).toContain('\nhost:\n');
  });
});

describe('An Authorization header', () => {
  const credential = 'Credential=AKID/20150830/us-east-1/rekognition/aws4_request';
  const whole = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host;x-amz-date, Signature=abc`;

  test.each([
    ['with spaces after its commas', whole],
    ['without them', whole.replaceAll(', ', ',')],
  ])('is taken apart, %s', (_, header) => {
    expect(parseAuthorization(header)).toEqual({
      accessKeyId: 'AKID',
      date: '20150830',
      region: 'us-east-1',
      service: 'rekognition',
      signedHeaders: ['host', 'x-amz-date'],
      signature: 'abc',
    });
  });

  test.each([
    '',
    'Bearer abc',
    'Basic QUtJRDpzZWNyZXQ=',
    whole.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
    whole.replace(/, Signature.*/, ''),
    whole.replace('SignedHeaders=host;x-amz-date, ', ''),
    whole.replace(`${credential}, `, ''),
    whole.replace('/aws4_request', ''),
    whole.replace('20150830', 'today'),
    whole.replace('AKID', ''),
  ])('is refused as %j', (header) => {
    expect(parseAuthorization(header)).toBeUndefined();
  });
});
