import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import express from 'express';
import process from 'node:process';

const ttlMs = Number(process.env.CACHE_TTL_MS);
const cache = new Map();

const client = new RekognitionClient({});
const app = express();
app.get('/collections/:id/users', async (req, res) => {
  const cached = cache.get(req.url);
  if (cached && Date.now() - cached.at < ttlMs) return res.json(cached.page);
  const { maxResults, nextToken } = req.query;
  try {
    const output = await client.send(
      new ListUsersCommand({
        CollectionId: req.params.id,
        MaxResults: Number(maxResults),
        NextToken: nextToken,
      }),
    );
    const page = { users: output.Users, nextToken: output.NextToken };
    cache.set(req.url, { at: Date.now(), page });
    res.json(page);
  } catch (error) {
    res.status(500).json({ message: error.message });
  }
});
app.listen(Number(process.env.PORT), '127.0.0.1');
