import { AwsException } from './aws-exception.ts';
import type { HttpReply } from './reply.ts';

/** Remembers answers by the token of their request, so that a repeated request does nothing again. */
export interface Idempotency {
  /**
   * Runs the request, unless its token has been answered: then that answer, or `IdempotentParameterMismatchException`
   * where the parameters differ. Only answers are remembered, not exceptions; without a token nothing is.
   */
  once(token: string | undefined, parameters: string, run: () => HttpReply): HttpReply;
}

/** A memory of the last `limit` tokens. AWS does not say how long its own lasts. */
export function createIdempotency(limit = 10_000): Idempotency {
  const answers = new Map<string, { readonly parameters: string; readonly reply: HttpReply }>();
  return {
    once(token, parameters, run) {
      if (token === undefined) return run();
      const answered = answers.get(token);
      if (!answered) {
        const reply = run();
        answers.set(token, { parameters, reply });
        if (answers.size > limit) answers.delete(answers.keys().next().value ?? '');
        return reply;
      }
      if (answered.parameters === parameters) return answered.reply;
      throw new AwsException('IdempotentParameterMismatchException');
    },
  };
}
