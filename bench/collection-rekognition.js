// Rekognition's ListUsers over one collection of USERS users, RATE calls a second, in pages that differ from one another.
//
// GET /calls            how many calls of ListUsers there were
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

import { createBucket } from './bucket.js';

const { PORT, USERS, RATE, BURST, LATENCY_MS = '0' } = process.env;
const total = Number(USERS);
const bucket = createBucket({ rate: Number(RATE), burst: Number(BURST) });

let calls = 0;

createServer((req, res) => {
  if (req.url === '/calls') return send(res, 200, JSON.stringify({ calls }));
  let input = '';
  req.setEncoding('utf8');
  req.on('data', (chunk) => {
    input += chunk;
  });
  req.on('end', () => void answer(req.headers['x-amz-target'], JSON.parse(input), res));
}).listen(Number(PORT), '127.0.0.1');

async function answer(operation, { NextToken, MaxResults }, res) {
  if (LATENCY_MS !== '0') await setTimeout(Number(LATENCY_MS));
  if (operation.endsWith('DescribeCollection')) return send(res, 200, details);
  calls += 1;
  if (bucket.admit())
    send(res, 200, pageAt(NextToken === undefined ? 0 : Number(tokenText(NextToken)), MaxResults));
  else send(res, 400, '{"__type":"ProvisionedThroughputExceededException","Message":"On purpose."}');
}

const details = JSON.stringify({
  UserCount: total,
  FaceCount: 0,
  FaceModelVersion: '7.0',
  CreationTimestamp: 1_700_000_000,
});

/** Each is made once: what that costs is not what is measured. */
const made = new Map();

function pageAt(from, size) {
  const key = `${from} ${size}`;
  let text = made.get(key);
  if (!text) made.set(key, (text = Buffer.from(page(from, size))));
  return text;
}

function page(from, size) {
  const to = Math.min(total, from + size);
  const Users = Array.from({ length: to - from }, (_, n) => ({
    UserId: `employee:${10_000_000 + from + n}`,
    UserStatus: n % 17 === 16 ? 'CREATED' : 'ACTIVE',
  }));
  const next = Buffer.from(String(to).padStart(72)).toString('base64');
  return JSON.stringify({ Users, ...(to < total && { NextToken: next }) });
}

function tokenText(token) {
  return Buffer.from(token, 'base64').toString();
}

function send(res, status, text) {
  res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1', 'Content-Length': text.length });
  res.end(text);
}
