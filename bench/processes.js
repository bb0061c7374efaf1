import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

const { dirname: here } = import.meta;

/** The built service, unless SERVICE_ENTRY names another one. */
export const service = path.resolve(here, '..', process.env.SERVICE_ENTRY ?? 'dist/server.js');
export const bench = (file) => path.join(here, file);

/** What both clients of the fake are given; the keys are AWS's own example keys. */
export const awsSettings = (endpoint) => ({
  NODE_ENV: 'production',
  AWS_ENDPOINT_URL_REKOGNITION: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
});

/** The service with everything on that is on in production; only the limit of each caller is out of reach. */
export const serviceSettings = (endpoint) => ({
  ...awsSettings(endpoint),
  HOST: '127.0.0.1',
  METRICS_PORT: '0',
  REKOGNITION_BACKEND: 'aws',
  RATE_LIMIT_MAX: '100000000',
  CORS_ORIGINS: 'https://app.example.com',
  LOG_LEVEL: 'info',
});

/** Where the quota is not what is measured: the fake has none, and every request is to cost a call. */
export const withoutQuota = { UPSTREAM_TPS: '100000', UPSTREAM_BURST: '100000', CACHE_TTL_MS: '0' };

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Starts a file in a process of its own, with these settings and no others, and its output discarded. */
export async function start(file, settings = {}) {
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
  const port = await freePort();
  // The SDK warns of Node 20's end, once a process.
  const env = { NODE_NO_WARNINGS: '1', METRICS_PORT: '0', ...settings, PORT: String(port) };
  const { child, stop } = launch(process.execPath, [file], env);
  return {
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    /** Asks until the first 200; a process that ends before that is an error. */
    async answers(target) {
      for (;;) {
        if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}`);
        const status = await statusOf(`http://127.0.0.1:${port}${target}`);
        if (status === 200) return;
        if (status !== undefined) throw new Error(`${file} answered ${target} with ${status}`);
        await setTimeout(2);
      }
    },
    stop,
  };
}

/** Starts a program that ends with this one, with these settings and no others, and its output discarded. */
export function launch(command, args, env) {
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  running.add(child);
  child.once('exit', () => running.delete(child));
  return {
    child,
    /** As kill -9. */
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest value that this share of the values does not exceed; undefined where there are none. */
export function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}

export function print(line) {
  process.stdout.write(`${line}\n`);
}

export function row(...cells) {
  print(`| ${cells.join(' | ')} |`);
}

/** The first row of a table. */
export function heading(...cells) {
  row(...cells);
  print(`|${' --- |'.repeat(cells.length)}`);
}

/** Says whether a threshold holds. */
export function check(what, value, sign, bound) {
  const good = sign === '>=' ? value >= bound : value <= bound;
  print(`${good ? 'pass' : 'FAIL'}  ${what}: ${Number(value?.toFixed(3))} ${sign} ${bound}`);
  return good;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function statusOf(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (res) => {
      res.resume();
      res.once('end', () => resolve(res.statusCode));
    }).once('error', (error) => {
      if (error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
  });
}
