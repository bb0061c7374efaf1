import * as z from 'zod';

import { matching } from './read-input.ts';

// The members that several operations share, with the limits of
// https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations.html

/** `CollectionId`. */
export const collectionId = matching(String.raw`[a-zA-Z0-9_.\-]+`, z.string().min(1).max(255));

/** `UserId`. */
export const userId = matching(String.raw`[a-zA-Z0-9_.\-:]+`, z.string().min(1).max(128));

/** `FaceId`. */
export const faceId = matching('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}');

/** `NextToken`. */
export const nextToken = z.string().max(255);

/** `ClientRequestToken`. */
export const clientRequestToken = matching('^[a-zA-Z0-9-_]+$', z.string().min(1).max(64));
