import { string } from './shape.ts';

// The members that several operations share, with the limits of
// https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations.html

/** `CollectionId`. */
export const collectionId = string({ min: 1, max: 255, pattern: String.raw`[a-zA-Z0-9_.\-]+` });

/** `UserId`. */
export const userId = string({ min: 1, max: 128, pattern: String.raw`[a-zA-Z0-9_.\-:]+` });

/** `FaceId`. */
export const faceId = string({ pattern: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' });

/** `NextToken`. */
export const nextToken = string({ max: 255 });

/** `ClientRequestToken`. */
export const clientRequestToken = string({ min: 1, max: 64, pattern: '^[a-zA-Z0-9-_]+$' });
