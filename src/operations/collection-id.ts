import { z } from 'zod';

const detail = 'Give 1 to 255 characters of a-z, A-Z, 0-9, "_", "." and "-", and neither "." nor ".." alone.';

/** The path parameter of every operation on a collection: Rekognition's own rule, less the two dot segments. */
export const collectionId = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,255}$/, detail)
  .refine((id) => id !== '.' && id !== '..', detail);
