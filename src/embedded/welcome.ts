import type { EmbeddedRekognition, Example } from './start.ts';

/** What to print where the embedded Rekognition runs alone: how each AWS client reaches it, and what there is to see. */
export function welcome(rekognition: EmbeddedRekognition): string {
  const { url, region, accessKeyId, secretAccessKey, exampleCollections, failingCollections } = rekognition;
  return `The embedded Rekognition listens on ${url} (Ctrl-C stops it).

Any AWS client reaches it with these settings:

  unset AWS_PROFILE AWS_SESSION_TOKEN
  export AWS_ENDPOINT_URL_REKOGNITION=${url}
  export AWS_ACCESS_KEY_ID=${accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${secretAccessKey}
  export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}

AWS CLI:
  aws rekognition list-users --collection-id example-team

Python (boto3):
  import boto3
  boto3.client('rekognition').list_users(CollectionId='example-team')

JavaScript (@aws-sdk/client-rekognition):
  const client = new RekognitionClient();
  await client.send(new ListUsersCommand({ CollectionId: 'example-team' }));

Collections to look at:
${list(exampleCollections)}

Collections that fail on purpose (throws-<any exception>, and more):
${list(failingCollections)}
`;
}

function list(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(({ id }) => id.length));
  return examples.map(({ id, description }) => `  ${id.padEnd(width)}  ${description}`).join('\n');
}
