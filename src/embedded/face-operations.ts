import * as z from 'zod';

import { AwsException } from './aws-exception.ts';
import { clientRequestToken, collectionId, faceId, userId } from './members.ts';
import { operation, type Backend } from './operation.ts';
import { statusOf, type Collection, type User } from './store.ts';

// There is no IndexFaces, so every face exists in every collection and matches every user, but for two kinds:
// ids that begin with `00000000-` are not found, and ids that begin with `ffffffff-` match no user well.
const isMissing = (face: string): boolean => face.startsWith('00000000-');
const confidenceOf = (face: string): number => (face.startsWith('ffffffff-') ? 10.5 : 99.5);

const mostFacesOfUser = 100;

const input = z.object({
  CollectionId: collectionId,
  UserId: userId,
  FaceIds: z.array(faceId).min(1).max(100),
  ClientRequestToken: clientRequestToken.optional(),
});

/** `AssociateFaces`. A face the user has already is ignored; a first face of a user need not match. */
export const associateFaces = operation(
  input.extend({ UserMatchThreshold: z.number().min(0).max(100).optional() }),
  ({ CollectionId, UserId, FaceIds, UserMatchThreshold = 75 }, backend) => {
    const { collection, user } = backend.store.user(CollectionId, UserId);
    const mismatch = (face: string) =>
      user.faces > 0 && confidenceOf(face) < UserMatchThreshold
        ? { Confidence: confidenceOf(face), Reasons: ['LOW_MATCH_CONFIDENCE'] }
        : undefined;
    const sorted = sortFaces(FaceIds, collection, user, mismatch);
    if (user.faces + sorted.free.length > mostFacesOfUser)
      throw new AwsException('ServiceQuotaExceededException');
    for (const face of sorted.free) collection.faces.set(face, user);
    change(user, sorted.free.length, backend);
    return {
      AssociatedFaces: sorted.free.map((FaceId) => ({ FaceId })),
      UnsuccessfulFaceAssociations: sorted.refused,
      UserStatus: statusOf(user, backend.now()),
    };
  },
);

/** `DisassociateFaces`. A face without a user is ignored. */
export const disassociateFaces = operation(input, ({ CollectionId, UserId, FaceIds }, backend) => {
  const { collection, user } = backend.store.user(CollectionId, UserId);
  const sorted = sortFaces(FaceIds, collection, user);
  for (const face of sorted.own) collection.faces.delete(face);
  change(user, -sorted.own.length, backend);
  return {
    DisassociatedFaces: sorted.own.map((FaceId) => ({ FaceId })),
    UnsuccessfulFaceDisassociations: sorted.refused,
    UserStatus: statusOf(user, backend.now()),
  };
});

interface Refusal {
  readonly Reasons: readonly string[];
  readonly UserId?: string;
  readonly Confidence?: number;
}

/** Parts faces, each taken once, into the user's own, those free to take, and those refused. */
function sortFaces(
  faces: readonly string[],
  collection: Collection,
  user: User,
  mismatch: (face: string) => Refusal | undefined = () => undefined,
) {
  const sorted = {
    own: [] as string[],
    free: [] as string[],
    refused: [] as (Refusal & { FaceId: string })[],
  };
  for (const face of new Set(faces)) {
    const owner = collection.faces.get(face);
    const refusal = refusalOf(face, owner, user) ?? (owner ? undefined : mismatch(face));
    if (refusal) sorted.refused.push({ FaceId: face, ...refusal });
    else (owner ? sorted.own : sorted.free).push(face);
  }
  return sorted;
}

function refusalOf(face: string, owner: User | undefined, user: User): Refusal | undefined {
  if (isMissing(face)) return { Reasons: ['FACE_NOT_FOUND'] };
  if (owner && owner !== user) return { Reasons: ['ASSOCIATED_TO_A_DIFFERENT_USER'], UserId: owner.id };
  return undefined;
}

function change(user: User, faces: number, { now, settleMs }: Backend): void {
  if (faces === 0) return;
  user.faces += faces;
  user.pinned = undefined;
  user.settlesAt = now() + settleMs;
}
