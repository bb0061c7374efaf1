import { ListCollectionsCommand, type ListCollectionsCommandInput } from '@aws-sdk/client-rekognition';

import { list } from '../http/list.ts';
import type { Json, UpstreamOperation } from '../rekognition/operation.ts';
import { readArray, readNextToken, type UpstreamPage } from '../rekognition/page.ts';
import { MalformedResponse } from '../rekognition/protocol.ts';

interface Collection {
  readonly collectionId: string;
  readonly faceModelVersion: string;
}

const MAX_COLLECTIONS = 1000;
/** The bytes that a collection takes in memory besides its id. The JSON of a page depends on the caller: not cached. */
const COLLECTION_BYTES = 75;

/** `ListCollections` of Rekognition. */
export const collections: UpstreamOperation<ListCollectionsCommandInput, UpstreamPage<Collection>> = {
  name: 'ListCollections',
  command: (input) => new ListCollectionsCommand(input),
  read: (response, { MaxResults = MAX_COLLECTIONS }) => ({
    items: readCollections(response, MaxResults),
    nextToken: readNextToken(response),
  }),
  bytesOf: ({ items }) =>
    items.reduce((sum, { collectionId }) => sum + COLLECTION_BYTES + collectionId.length, 0),
};

/** Rekognition sends two parallel arrays: ids and face models. */
function readCollections(response: Json, max: number): Collection[] {
  const ids = readArray(response, 'CollectionIds', max);
  const versions = readArray(response, 'FaceModelVersions', max);
  if (ids.length !== versions.length) throw new MalformedResponse('the two arrays differ in length');
  return ids.map((collectionId, at) => {
    const faceModelVersion = versions[at];
    if (typeof collectionId !== 'string' || typeof faceModelVersion !== 'string')
      throw new MalformedResponse('a collection is mistyped');
    return { collectionId, faceModelVersion };
  });
}

/** `GET /collections`: one page of the collections that the caller may read. */
export const listCollections = list({
  path: '/collections',
  params: {},
  maxResults: { max: MAX_COLLECTIONS, default: 100 },
  upstream: collections,
  input: () => ({}),
  member: 'collections',
  visible: ({ collectionId }, mayRead) => mayRead(collectionId),
});
