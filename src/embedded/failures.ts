import { AwsException, exceptionReply } from './aws-exception.ts';
import { amzJson, type HttpReply } from './reply.ts';

interface Call {
  readonly operation: string;
  readonly collectionId: string;
  readonly nextToken: string | undefined;
  /** For the ARNs that AWS puts into its messages. */
  readonly region: string;
}

const firstUsers = '{"Users":[{"UserId":"jane.doe","UserStatus":"ACTIVE"},{"UserId":"john.smith"';

const html = '<!doctype html><title>Gateway</title><h1>This is not Rekognition</h1>';

/** What a collection named `throws-<name>` does to the connection or the response, instead of an exception. */
const damages: Readonly<Record<string, HttpReply>> = {
  Timeout: { ...amzJson(200), delivery: 'silence' },
  Reset: { ...amzJson(200), delivery: 'reset' },
  Truncated: { ...amzJson(200), body: firstUsers.repeat(2), delivery: 'half' },
  Empty: amzJson(200),
  Mistyped: amzJson(200, { Users: 'none' }),
  Html: { status: 200, contentType: 'text/html', body: html, delivery: 'whole' },
};

const failing = /^throws-(.+?)(?:-([45]\d\d))?(-on-page-2)?$/;

/** Whether a collection fails by its name. It is a rule and no data, so no listing has it. */
export function failsOnPurpose(collectionId: string): boolean {
  return failing.test(collectionId);
}

/**
 * The response of a collection that fails on purpose, undefined for any other:
 * `throws-<exception or damage>`, then `-<status>` for another HTTP status, then `-on-page-2` to spare what has no token.
 */
export function plannedFailure(call: Call): HttpReply | undefined {
  const plan = failing.exec(call.collectionId);
  const name = plan?.[1];
  if (!name || (plan[3] && call.nextToken === undefined)) return undefined;
  if (Object.hasOwn(damages, name)) return damages[name];
  const status = plan[2] ? Number(plan[2]) : undefined;
  return exceptionReply(new AwsException(name, { status, message: messageOf(name, status, call) }));
}

function messageOf(name: string, status: number | undefined, call: Call): string | undefined {
  const { operation, collectionId, region } = call;
  if (name === 'ThrottlingException' && status === 500) return 'Service Unavailable';
  if (name === 'ResourceNotFoundException') return `The collection id: ${collectionId} does not exist`;
  if (name !== 'AccessDeniedException') return undefined;
  return (
    'User: arn:aws:sts::123456789012:assumed-role/example-task-role/i-0123456789abcdef0 is not authorized to perform: ' +
    `rekognition:${operation} on resource: arn:aws:rekognition:${region}:123456789012:collection/${collectionId} ` +
    `because no identity-based policy allows the rekognition:${operation} action`
  );
}

/** Some collections that fail on purpose, for a page of help; any other exception's name works as well. */
export const failingCollections: readonly { readonly id: string; readonly description: string }[] = [
  { id: 'throws-AccessDeniedException', description: 'the role may not read it' },
  { id: 'throws-ResourceNotFoundException', description: 'there is no such collection' },
  { id: 'throws-InvalidParameterException', description: 'a parameter is wrong' },
  { id: 'throws-ValidationException', description: 'a parameter is wrong, in the words of the front door' },
  { id: 'throws-InvalidPaginationTokenException', description: 'the page token is wrong' },
  { id: 'throws-ProvisionedThroughputExceededException', description: 'the quota is used up' },
  { id: 'throws-ThrottlingException', description: 'throttled, at 400' },
  { id: 'throws-ThrottlingException-500', description: 'throttled, at 500 (any status may be added)' },
  { id: 'throws-InternalServerError', description: 'Rekognition fails' },
  { id: 'throws-ServiceUnavailableException', description: 'Rekognition is away, at 503' },
  { id: 'throws-UnrecognizedClientException', description: 'the access key is unknown' },
  { id: 'throws-ExpiredTokenException', description: 'the credentials have expired' },
  { id: 'throws-InvalidSignatureException', description: 'the secret key is wrong' },
  { id: 'throws-BrandNewException', description: 'an exception nobody knows yet' },
  { id: 'throws-Timeout', description: 'never responds' },
  { id: 'throws-Reset', description: 'cuts the connection' },
  { id: 'throws-Truncated', description: 'cuts the connection in the middle of a response' },
  { id: 'throws-Empty', description: 'sends a 200 without a body' },
  { id: 'throws-Mistyped', description: 'sends a 200 with users that are not a list' },
  { id: 'throws-Html', description: 'sends a 200 with a page of HTML' },
];
