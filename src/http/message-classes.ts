import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';

import type { Express } from 'express';

/**
 * Classes whose messages already are what Express makes of them. It gives each request and response a prototype of its
 * own, which is expensive in V8: both take twice the memory and outlive their exchange (docs/decisions/0011). Where
 * the prototype is the right one already, nothing changes.
 */
export function messageClasses(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class AppRequest extends IncomingMessage {}
  class AppResponse<Request extends IncomingMessage> extends ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
