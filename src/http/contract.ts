import { readFile } from 'node:fs/promises';

import type { RequestHandler } from 'express';

import { respond, type HttpReply } from './respond.ts';

/** `GET /openapi.yaml`: the contract as it is written. */
export function contractYaml(yaml: string): RequestHandler {
  return (_req, res) => {
    respond(res, reply('application/yaml', yaml));
  };
}

/** The same as JSON, from a file of the build; it is read when it is first asked for. */
export function contractJson(file: URL): RequestHandler {
  let json: string | undefined;
  return async (_req, res) => {
    json ??= await readFile(file, 'utf8');
    respond(res, reply('application/json', json));
  };
}

function reply(type: string, body: string): HttpReply {
  const headers = { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' };
  return { status: 200, headers, body };
}
