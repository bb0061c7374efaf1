import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import express from 'express';
import process from 'node:process';

const client = new RekognitionClient({});
const app = express();
app.get('/collections/:id/users', async (req, res) => {
  const users = [];
  let nextToken;
  do {
    const output = await client.send(
      new ListUsersCommand({ CollectionId: req.params.id, MaxResults: 500, NextToken: nextToken }),
    );
    users.push(...output.Users);
    nextToken = output.NextToken;
  } while (nextToken);
  res.json({ users });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
