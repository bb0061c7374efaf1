// A page from the service's memory against a bare Express route that sends the same bytes.
import process from 'node:process';

import { compare, warmUp } from './closed-loop.js';
import { bench, service, serviceSettings, start } from './processes.js';

const rounds = Number(process.env.ROUNDS ?? 9);
const seconds = Number(process.env.SECONDS ?? 5);
const target = '/collections/bench/users?maxResults=100';

const fake = await start(bench('fake-rekognition.js'));
const cached = await start(service, { ...serviceSettings(fake.url), CACHE_TTL_MS: '3600000' });
await cached.answers(target);
const bare = await start(bench('bare.js'), { BODY_OF: `${cached.url}${target}` });
await bare.answers(target);

const subjects = { bare, 'service, cached': cached };
const load = { requests: [{ path: target, headers: { Origin: 'https://app.example.com' } }] };
for (const subject of Object.values(subjects)) await warmUp(subject, load);
for (const connections of [16, 64]) await compare(subjects, { connections, rounds, seconds, load });
process.exit();
