import * as z from 'zod';

import { AwsException } from './aws-exception.ts';
import { failsOnPurpose } from './failures.ts';
import { collectionId, nextToken } from './members.ts';
import { operation } from './operation.ts';
import { integer, matching } from './read-input.ts';

const faceModelVersion = '7.0';
const accountId = '123456789012';

const tags = z
  .record(
    matching(String.raw`^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`, z.string().min(1).max(128)),
    matching(String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`, z.string().max(256)),
  )
  .refine((all) => Object.keys(all).length <= 200, 'have length less than or equal to 200');

/** `CreateCollection`. Tags are checked and dropped: no operation here reads them. */
export const createCollection = operation(
  z.object({ CollectionId: collectionId, Tags: tags.optional() }),
  ({ CollectionId: id }, { store, now, region }) => {
    if (store.collections.get(id)) {
      throw new AwsException('ResourceAlreadyExistsException', {
        message: `The collection id: ${id} already exists`,
      });
    }
    store.create({ id, users: [] }, now());
    // AWS's own response leaves the `arn:` out, here and only here.
    const CollectionArn = `aws:rekognition:${region}:${accountId}:collection/${id}`;
    return { StatusCode: 200, CollectionArn, FaceModelVersion: faceModelVersion };
  },
);

/** `DeleteCollection`. */
export const deleteCollection = operation(
  z.object({ CollectionId: collectionId }),
  ({ CollectionId: id }, { store }) => {
    store.collections.delete(store.collection(id));
    return { StatusCode: 200 };
  },
);

/** `DescribeCollection`. */
export const describeCollection = operation(
  z.object({ CollectionId: collectionId }),
  ({ CollectionId: id }, { store, region }) => {
    const { faces, users, createdAt } = store.collection(id);
    return {
      FaceCount: faces.size,
      FaceModelVersion: faceModelVersion,
      CollectionARN: `arn:aws:rekognition:${region}:${accountId}:collection/${id}`,
      CreationTimestamp: createdAt / 1000,
      UserCount: users.size,
    };
  },
);

/** `ListCollections`, in the order of creation. A page may be short or empty though there is more, as in AWS. */
export const listCollections = operation(
  z.object({ MaxResults: integer(0, 4096).optional(), NextToken: nextToken.optional() }),
  ({ MaxResults = 0, NextToken }, { store, tokens }) => {
    const listing = 'collections';
    const after = NextToken ? tokens.open(listing, NextToken) : undefined;
    // AWS allows 0 and does not say what it means; pages of nothing would never end.
    const { entries, next } = store.collections.page(after, MaxResults === 0 ? 4096 : MaxResults);
    const listed = entries.filter(({ id }) => !failsOnPurpose(id));
    return {
      CollectionIds: listed.map(({ id }) => id),
      FaceModelVersions: listed.map(() => faceModelVersion),
      ...(next && { NextToken: tokens.seal(listing, next) }),
    };
  },
);
