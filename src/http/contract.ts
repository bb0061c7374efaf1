import type { RequestHandler } from 'express';
import { parse } from 'yaml';

/** `GET /openapi.yaml`: the contract as it is written. */
export function contractYaml(yaml: string): RequestHandler {
  return (_req, res) => {
    res.type('application/yaml').set('Cache-Control', 'no-cache').send(yaml);
  };
}

/** `GET /openapi.json`: the same for tools that read JSON; converted when it is first asked for. */
export function contractJson(yaml: string): RequestHandler {
  let json: string | undefined;
  return (_req, res) => {
    json ??= JSON.stringify(parse(yaml));
    res.type('application/json').set('Cache-Control', 'no-cache').send(json);
  };
}
