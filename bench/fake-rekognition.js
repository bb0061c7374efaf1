// Rekognition's ListUsers as cheap as it gets: every answer is built before the first request, nothing is checked.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';

const users = Array.from({ length: 500 }, (_, index) => ({
  UserId: `employee:${10_000 + index}`,
  UserStatus: index % 17 === 16 ? 'CREATED' : 'ACTIVE',
}));
const NextToken = Buffer.alloc(96, 'next').toString('base64');
const bodies = users.map((_, index) =>
  Buffer.from(JSON.stringify({ Users: users.slice(0, index + 1), NextToken })),
);

createServer((req, res) => {
  let input = '';
  req.setEncoding('utf8');
  req.on('data', (chunk) => {
    input += chunk;
  });
  req.on('end', () => {
    const body = bodies[(JSON.parse(input).MaxResults ?? 500) - 1];
    res.writeHead(200, {
      'Content-Type': 'application/x-amz-json-1.1',
      'Content-Length': body.length,
      'x-amzn-RequestId': randomUUID(),
    });
    res.end(body);
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
