import type * as z from 'zod';

import type { RekognitionInput } from '../rekognition/client.ts';
import type { UpstreamOperation } from '../rekognition/operation.ts';
import { createCallContext, defineOperation, type InputDefinition, type Operation } from './operation.ts';
import type { Values } from './parameters.ts';
import { acceptJson, renderJson, cachedReply } from './respond.ts';

interface ReadDefinition<
  Path extends z.ZodRawShape,
  Input extends RekognitionInput,
  Output,
> extends InputDefinition<Path, Input> {
  readonly upstream: UpstreamOperation<Input, Output>;
  /** The response's body. It depends on nothing but the output and the parameters of the path. */
  readonly body: (output: Output, params: Values<Path>) => object;
}

/** An operation that answers with one thing, as JSON. */
export function read<Path extends z.ZodRawShape, Input extends RekognitionInput, Output>(
  definition: ReadDefinition<Path, Input, Output>,
): Operation {
  const { path, params: shape, upstream, input, body } = definition;
  return defineOperation({
    path,
    calls: [upstream.name],
    parameters: { path: shape, query: {} },
    async handle({ params, context, req }, deps) {
      acceptJson(req);
      const result = await deps.upstream.call(upstream, input(params), createCallContext(context, deps));
      return cachedReply(req, result, definition, () =>
        renderJson(JSON.stringify(body(result.output, params))),
      );
    },
  });
}
