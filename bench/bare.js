// One Express route that sends the bytes of BODY_OF, fetched once: as little as Express can do.
import express from 'express';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { request } from 'undici';

const { body } = await request(process.env.BODY_OF);
const page = Buffer.from(await body.arrayBuffer());
const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': page.length };

const app = express();
app.get('/collections/:id/users', (_req, res) => {
  res.writeHead(200, headers).end(page);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
