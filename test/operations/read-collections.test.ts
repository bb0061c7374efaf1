import { expect, test } from '@jest/globals';

import { collectionDetails } from '../../src/operations/get-collection.ts';
import { collections } from '../../src/operations/list-collections.ts';
import type { Json } from '../../src/rekognition/operation.ts';
import { MalformedResponse } from '../../src/rekognition/protocol.ts';

const readCollections = (response: Json, MaxResults = 1000) => collections.read(response, { MaxResults });

test('a page of collections pairs the two arrays, in order', () => {
  const response = { CollectionIds: ['a', 'b'], FaceModelVersions: ['7.0', '6.0'], NextToken: 'next' };
  expect(readCollections(response)).toEqual({
    items: [
      { collectionId: 'a', faceModelVersion: '7.0' },
      { collectionId: 'b', faceModelVersion: '6.0' },
    ],
    nextToken: 'next',
  });
  expect(readCollections({})).toEqual({ items: [], nextToken: undefined });
});

test.each([
  ['the arrays differ in length', { CollectionIds: ['a', 'b'], FaceModelVersions: ['7.0'] }],
  ['the versions are missing', { CollectionIds: ['a'] }],
  ['an id is a number', { CollectionIds: [1], FaceModelVersions: ['7.0'] }],
  ['a version is null', { CollectionIds: ['a'], FaceModelVersions: [null] }],
  ['the ids are a string', { CollectionIds: 'a', FaceModelVersions: ['7.0'] }],
])('a page of collections in which %s is malformed', (_, response) => {
  expect(() => readCollections(response)).toThrow(MalformedResponse);
});

test('a page of more collections than were asked for is malformed', () => {
  const response = { CollectionIds: ['a', 'b'], FaceModelVersions: ['7.0', '7.0'] };
  expect(() => readCollections(response, 1)).toThrow(MalformedResponse);
});

const details = {
  CollectionARN: 'aws:rekognition:us-east-1:123456789012:collection/team',
  UserCount: 8,
  FaceCount: 6,
  FaceModelVersion: '7.0',
  CreationTimestamp: 1_700_000_000.25,
};
const readDetails = (response: Json) => collectionDetails.read(response, { CollectionId: 'team' });

test('a collection is its counts, its face model and its time in UTC, never its ARN', () => {
  expect(readDetails(details)).toEqual({
    userCount: 8,
    faceCount: 6,
    faceModelVersion: '7.0',
    creationTimestamp: '2023-11-14T22:13:20.250Z',
  });
});

test.each([
  ['a count is missing', { UserCount: undefined }],
  ['a count is negative', { FaceCount: -1 }],
  ['a count is a fraction', { UserCount: 1.5 }],
  ['a count is text', { UserCount: '8' }],
  ['the face model is missing', { FaceModelVersion: undefined }],
  ['the time is text', { CreationTimestamp: '2023-11-14' }],
  ['the time is out of range', { CreationTimestamp: 1e20 }],
])('a collection in which %s is malformed', (_, change) => {
  expect(() => readDetails({ ...details, ...change })).toThrow(MalformedResponse);
});
