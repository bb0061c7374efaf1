import * as z from 'zod';

const collectionDetail =
  'Give 1 to 255 characters of a-z, A-Z, 0-9, "_", "." and "-", and neither "." nor ".." alone.';
const userDetail =
  'Give 1 to 128 characters of a-z, A-Z, 0-9, "_", ".", "-" and ":", and neither "." nor ".." alone.';

/** Rekognition's own rule, less the two dot segments of a path. */
export const collectionId = z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9_.-]{1,255}$/, collectionDetail);

/** Rekognition's own rule, less the two dot segments of a path. */
export const userId = z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9_.:-]{1,128}$/, userDetail);
