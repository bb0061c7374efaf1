// Rekognition's ListUsers as cheap as it gets: every answer is built before the first request, nothing is checked.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';

import { pages } from './pages.js';

createServer((req, res) => {
  let input = '';
  req.setEncoding('utf8');
  req.on('data', (chunk) => {
    input += chunk;
  });
  req.on('end', () => {
    const body = pages[(JSON.parse(input).MaxResults ?? 500) - 1];
    res.writeHead(200, {
      'Content-Type': 'application/x-amz-json-1.1',
      'Content-Length': body.length,
      'x-amzn-RequestId': randomUUID(),
    });
    res.end(body);
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
