import type { ErrorCode, RollcallError } from '@rollcall/client';

/** An error as a person is told about it. */
interface Words {
  readonly title: string;
  readonly advice: string;
}

const words: Record<ErrorCode, Words> = {
  INVALID_PARAMETER: { title: 'That is not an id', advice: 'Correct what is listed below.' },
  INVALID_PAGE_TOKEN: {
    title: 'Your place in the list is lost',
    advice: 'The list has been read from too long ago. Start again from the first page.',
  },
  MALFORMED_REQUEST: {
    title: 'The request was not understood',
    advice: 'This is a fault of this page. Please report it.',
  },
  UNAUTHENTICATED: { title: 'You are not signed in', advice: 'Your session may have ended. Sign in again.' },
  FORBIDDEN: {
    title: 'You may not see this collection',
    advice: 'Ask its owner for access, or choose another.',
  },
  UPSTREAM_ACCESS_DENIED: {
    title: 'This collection is closed to us',
    advice: 'The service has no permission to read it. Its operator can change that.',
  },
  COLLECTION_NOT_FOUND: {
    title: 'There is no such collection',
    advice: 'Check the spelling: capital letters count.',
  },
  USER_NOT_FOUND: { title: 'There is no such user', advice: 'Check the spelling: capital letters count.' },
  ROUTE_NOT_FOUND: {
    title: 'The service does not know this page',
    advice: 'It may be older than this page. Please report it.',
  },
  METHOD_NOT_ALLOWED: {
    title: 'The service refused the request',
    advice: 'This is a fault of this page. Please report it.',
  },
  NOT_ACCEPTABLE: {
    title: 'The service refused the request',
    advice: 'This is a fault of this page. Please report it.',
  },
  RATE_LIMITED: {
    title: 'That was a little fast',
    advice: 'You have used up your requests for now. They come back soon.',
  },
  UPSTREAM_THROTTLED: {
    title: 'Rekognition is busy',
    advice: 'Many people are asking at once. A moment later it will work.',
  },
  INTERNAL_ERROR: { title: 'Something broke at our end', advice: 'Please report it, with the request id.' },
  UPSTREAM_ERROR: { title: 'Rekognition did not answer properly', advice: 'This usually passes. Try again.' },
  UPSTREAM_UNAUTHENTICATED: {
    title: 'The service cannot sign in to AWS',
    advice: 'Its credentials are missing or out of date. Its operator can change that.',
  },
  OVERLOADED: {
    title: 'The service is busy',
    advice: 'Too many people are waiting. A moment later it will work.',
  },
  LOOKUP_INCOMPLETE: {
    title: 'The search did not finish',
    advice: 'The collection is large. Try again later, or export it and search the file.',
  },
  UPSTREAM_UNAVAILABLE: {
    title: 'Rekognition is down',
    advice: 'It has been failing for a while. Try again later.',
  },
  SHUTTING_DOWN: { title: 'The service is restarting', advice: 'Another instance will answer in a moment.' },
  UPSTREAM_TIMEOUT: { title: 'Rekognition took too long', advice: 'This usually passes. Try again.' },
  NETWORK_ERROR: {
    title: 'The service cannot be reached',
    advice: 'Check your connection, or whether the service runs.',
  },
  UNREADABLE_ANSWER: {
    title: 'Something else answered',
    advice: 'A proxy may stand between us. Please report it.',
  },
};

/** What to tell a person about an error. */
export function wordsFor({ code }: RollcallError): Words {
  // A newer service may know a code that this page does not.
  return words[code] ?? words.INTERNAL_ERROR;
}
