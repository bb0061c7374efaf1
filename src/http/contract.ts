import type { RequestHandler } from 'express';
import { parse } from 'yaml';

import { respond } from './respond.ts';

/** `GET /openapi.yaml`: the contract as it is written. */
export function contractYaml(yaml: string): RequestHandler {
  const headers = { 'Content-Type': 'application/yaml; charset=utf-8', 'Cache-Control': 'no-cache' };
  return (_req, res) => {
    respond(res, { status: 200, headers, body: yaml });
  };
}

/** `GET /openapi.json`: the same for tools that read JSON; converted when it is first asked for. */
export function contractJson(yaml: string): RequestHandler {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-cache' };
  let json: string | undefined;
  return (_req, res) => {
    json ??= JSON.stringify(parse(yaml));
    respond(res, { status: 200, headers, body: json });
  };
}
