import type { RequestHandler, Response } from 'express';
import type { z } from 'zod';

import { AppError } from '../errors.ts';
import { acceptsJson } from './accept.ts';
import { answer, beginAnswer, type Reply } from './answer.ts';
import { parameterReader, type ParameterSchemas, type ParametersOf } from './parameters.ts';
import { contextOf, type RequestContext } from './request-context.ts';

/** An answer that is sent as it comes. */
export interface StreamReply extends Pick<Reply, 'status' | 'headers'> {
  /** Writes it after the headers, and settles when the response is over. */
  readonly write: (res: Response) => Promise<void>;
}

/** What an operation is told of the request besides its parameters. */
export interface Call {
  readonly context: RequestContext;
  readonly ifNoneMatch: string | undefined;
  readonly httpVersion: string;
}

/** One operation: what it accepts, what it produces, and what it answers. */
export interface Operation {
  /** Express's pattern, matched exactly. */
  readonly path: string;
  readonly handler: RequestHandler;
}

type CollectionParameters = ParameterSchemas & {
  readonly path: z.ZodObject<{ collectionId: z.ZodType<string> }>;
};

interface OperationDefinition<S extends ParameterSchemas, Opened> {
  readonly path: string;
  readonly produces: string;
  readonly parameters: S;
  /** Opens the page token and the like: refusals that cost nothing, before anything is asked of Rekognition. */
  readonly open: (parameters: ParametersOf<S>) => Opened;
  readonly handle: (opened: Opened, call: Call) => Promise<Reply | StreamReply>;
}

/** The spine of every operation: validate → authorise → open → negotiate → handle → answer. */
export function defineOperation<S extends CollectionParameters, Opened>(
  definition: OperationDefinition<S, Opened>,
): Operation {
  const { path, produces, parameters, open, handle } = definition;
  const read = parameterReader(parameters);
  return {
    path,
    handler: async (req, res) => {
      const context = contextOf(res);
      const asked = read(req.params, queryOf(req.originalUrl));
      context.collection = asked.collectionId;
      authorise(context, asked.collectionId);
      const opened = open(asked);
      // Four generators ask for the stream with `application/json` or `text/*`.
      if (produces === 'application/json' && !acceptsJson(req.headers.accept)) {
        throw new AppError(
          'NOT_ACCEPTABLE',
          `This route produces ${produces} only. Accept it, or send no Accept.`,
        );
      }
      const { httpVersion } = req;
      await send(res, await handle(opened, { context, ifNoneMatch: req.get('if-none-match'), httpVersion }));
    },
  };
}

/** Before the page token is opened and Rekognition is asked: the answer is the same whether the collection exists or not. */
function authorise({ mayRead }: RequestContext, collectionId: string): void {
  if (mayRead(collectionId)) return;
  throw new AppError('FORBIDDEN', 'You may not read this collection. Ask for access to it.');
}

async function send(res: Response, reply: Reply | StreamReply): Promise<void> {
  if (!('write' in reply)) {
    answer(res, reply);
    return;
  }
  beginAnswer(res, reply.status, reply.headers);
  await reply.write(res);
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}
