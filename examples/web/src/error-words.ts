import type { ErrorCode, RollcallError } from '@rollcall/client';

/** An error in the words of a user. */
interface Words {
  readonly title: string;
  readonly advice: string;
}

const words: Record<ErrorCode, Words> = {
  INVALID_PARAMETER: { title: 'That is not an id', advice: 'Correct what is listed below.' },
  INVALID_PAGE_TOKEN: {
    title: 'Your place in the list is lost',
    advice: 'The list is too old. Start again from the first page.',
  },
  MALFORMED_REQUEST: {
    title: 'The service did not understand the request',
    advice: 'This page has a bug. Please report it.',
  },
  UNAUTHENTICATED: { title: 'You are not signed in', advice: 'Your session may have ended. Sign in again.' },
  FORBIDDEN: {
    title: 'You may not see this collection',
    advice: 'Ask its owner for access, or choose another.',
  },
  UPSTREAM_ACCESS_DENIED: {
    title: 'The service may not read this collection',
    advice: 'Its operator can change that.',
  },
  COLLECTION_NOT_FOUND: {
    title: 'There is no such collection',
    advice: 'Check the spelling: capital letters count.',
  },
  USER_NOT_FOUND: { title: 'There is no such user', advice: 'Check the spelling: capital letters count.' },
  ROUTE_NOT_FOUND: {
    title: 'The service does not know this page',
    advice: 'It may be an older version. Please report it.',
  },
  METHOD_NOT_ALLOWED: {
    title: 'The service refused the request',
    advice: 'This page has a bug. Please report it.',
  },
  NOT_ACCEPTABLE: {
    title: 'The service refused the request',
    advice: 'This page has a bug. Please report it.',
  },
  RATE_LIMITED: {
    title: 'Too many requests',
    advice: 'You have used up your requests for now. Try again soon.',
  },
  UPSTREAM_THROTTLED: {
    title: 'Rekognition is busy',
    advice: 'Too many requests at once. Try again in a moment.',
  },
  INTERNAL_ERROR: { title: 'Something went wrong', advice: 'Please report it, with the request id.' },
  UPSTREAM_ERROR: { title: 'Rekognition failed', advice: 'This usually passes. Try again.' },
  UPSTREAM_UNAUTHENTICATED: {
    title: 'The service cannot sign in to AWS',
    advice: 'Its credentials are missing or out of date. Its operator can change that.',
  },
  OVERLOADED: {
    title: 'The service is busy',
    advice: 'Too many requests are waiting. Try again in a moment.',
  },
  LOOKUP_INCOMPLETE: {
    title: 'The search did not finish',
    advice: 'The collection is large. Try again later, or export it and search the file.',
  },
  UPSTREAM_UNAVAILABLE: {
    title: 'Rekognition is down',
    advice: 'It has been failing for a while. Try again later.',
  },
  SHUTTING_DOWN: { title: 'The service is restarting', advice: 'Try again in a moment.' },
  UPSTREAM_TIMEOUT: { title: 'Rekognition took too long', advice: 'This usually passes. Try again.' },
  NETWORK_ERROR: {
    title: 'The service cannot be reached',
    advice: 'Check your connection, or whether the service runs.',
  },
  UNREADABLE_RESPONSE: {
    title: 'The response is not from the service',
    advice: 'A proxy may have sent it. Please report it.',
  },
};

/** The words for an error. */
export function wordsFor({ code }: RollcallError): Words {
  // A newer service may have a code that this page does not know.
  return words[code] ?? words.INTERNAL_ERROR;
}
