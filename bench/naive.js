import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import express from 'express';
import process from 'node:process';

const client = new RekognitionClient({});
const app = express();
app.get('/collections/:id/users', async (req, res) => {
  const { maxResults, nextToken } = req.query;
  try {
    const output = await client.send(
      new ListUsersCommand({
        CollectionId: req.params.id,
        MaxResults: Number(maxResults),
        NextToken: nextToken,
      }),
    );
    res.json({ users: output.Users, nextToken: output.NextToken });
  } catch (error) {
    res.status(500).json({ message: error.message });
  }
});
app.listen(Number(process.env.PORT), '127.0.0.1');
