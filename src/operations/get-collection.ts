import { DescribeCollectionCommand, type DescribeCollectionCommandInput } from '@aws-sdk/client-rekognition';

import { read } from '../http/read.ts';
import type { Json, UpstreamOperation } from '../rekognition/operation.ts';
import { readCount, readString } from '../rekognition/page.ts';
import { MalformedResponse } from '../rekognition/protocol.ts';
import { collectionId } from './params.ts';

interface CollectionDetails {
  readonly userCount: number;
  readonly faceCount: number;
  readonly faceModelVersion: string;
  /** RFC 3339, in UTC. */
  readonly creationTimestamp: string;
}

/** `DescribeCollection` of Rekognition, without the ARN that it names. */
export const collectionDetails: UpstreamOperation<DescribeCollectionCommandInput, CollectionDetails> = {
  name: 'DescribeCollection',
  command: (input) => new DescribeCollectionCommand(input),
  read: (response) => ({
    userCount: readCount(response, 'UserCount'),
    faceCount: readCount(response, 'FaceCount'),
    faceModelVersion: readString(response, 'FaceModelVersion'),
    creationTimestamp: readTime(response, 'CreationTimestamp'),
  }),
  isolatedBy: ({ CollectionId }) => CollectionId,
};

/** AWS JSON 1.1 writes a time as seconds since the epoch, with fractions. RFC 3339 knows the years 0 to 9999. */
function readTime(response: Json, member: string): string {
  const seconds = response[member];
  const time = new Date(typeof seconds === 'number' ? seconds * 1000 : NaN);
  const text = Number.isNaN(time.getTime()) ? '' : time.toISOString();
  if (!/^\d{4}-/.test(text)) throw new MalformedResponse(`${member} is not a time`);
  return text;
}

/** `GET /collections/{collectionId}`: how many users and faces a collection has. */
export const getCollection = read({
  path: '/collections/:collectionId',
  params: { collectionId },
  upstream: collectionDetails,
  input: ({ collectionId: CollectionId }) => ({ CollectionId }),
  body: (details, { collectionId: id }) => ({ collectionId: id, ...details }),
});
