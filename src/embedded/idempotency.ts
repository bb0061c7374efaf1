import { AwsException } from './aws-exception.ts';
import type { HttpReply } from './reply.ts';

/** Remembers responses by the token of their request, so that a repeated request does nothing again. */
export interface Idempotency {
  /**
   * Runs the request, unless its token has a response: then that response, or `IdempotentParameterMismatchException`
   * where the parameters differ. Only responses are remembered, not exceptions; without a token nothing is.
   */
  once(token: string | undefined, parameters: string, run: () => HttpReply): HttpReply;
}

/** A memory of the last `limit` tokens. AWS does not say how long its own lasts. */
export function createIdempotency(limit = 10_000): Idempotency {
  const remembered = new Map<string, { readonly parameters: string; readonly reply: HttpReply }>();
  return {
    once(token, parameters, run) {
      if (token === undefined) return run();
      const earlier = remembered.get(token);
      if (!earlier) {
        const reply = run();
        remembered.set(token, { parameters, reply });
        if (remembered.size > limit) remembered.delete(remembered.keys().next().value ?? '');
        return reply;
      }
      if (earlier.parameters === parameters) return earlier.reply;
      throw new AwsException('IdempotentParameterMismatchException');
    },
  };
}
