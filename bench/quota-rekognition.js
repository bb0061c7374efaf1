// Rekognition's ListUsers behind a token bucket, with outages on demand. It notes every call.
//
// GET /calls            the calls so far: when (milliseconds since the epoch), for which collection, and what became of it
// DELETE /calls         forgets them and fills the bucket
// PUT /outage?kind=…    500 (InternalServerError) or hang; none ends it
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { URL } from 'node:url';

import { createBucket } from './bucket.js';
import { pages } from './pages.js';

const { PORT, RATE, BURST, PUNISHING } = process.env;
const bucket = createBucket({ rate: Number(RATE), burst: Number(BURST), punishing: PUNISHING === 'true' });
/** From 30 ms to 60 ms, as a Region nearby. */
const latencyMs = (call) => 30 + ((call * 7) % 31);

let calls = [];
let outage = 'none';

createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://localhost');
  let input = '';
  req.setEncoding('utf8');
  req.on('data', (chunk) => {
    input += chunk;
  });
  req.on('end', () => {
    if (pathname === '/') void listUsers(JSON.parse(input).CollectionId, res);
    else control(`${req.method} ${pathname}`, searchParams, res);
  });
}).listen(Number(PORT), '127.0.0.1');

async function listUsers(collection, res) {
  const outcome = outage === 'none' ? (bucket.admit() ? 'admitted' : 'throttled') : outage;
  calls.push({ at: Date.now(), collection, outcome });
  if (outcome === 'hang') return;
  await setTimeout(latencyMs(calls.length));
  if (outcome === 'admitted') send(res, 200, pages[99]);
  else if (outcome === 'throttled') send(res, 400, exception('ProvisionedThroughputExceededException'));
  else send(res, 500, exception('InternalServerError'));
}

function exception(name) {
  return JSON.stringify({ __type: name, Code: name, Message: 'On purpose.' });
}

function send(res, status, body) {
  res.writeHead(status, {
    'Content-Type': 'application/x-amz-json-1.1',
    'x-amzn-RequestId': randomUUID(),
  });
  res.end(body);
}

function control(route, parameters, res) {
  const answer = JSON.stringify(calls);
  if (route === 'DELETE /calls') {
    calls = [];
    bucket.fill();
  }
  if (route === 'PUT /outage') outage = parameters.get('kind');
  res.end(answer);
}
