// The service against ten naive lines, over the same fake without a quota: what a request costs that asks Rekognition.
import process from 'node:process';

import { compare, warmUp } from './closed-loop.js';
import { awsSettings, bench, service, serviceSettings, start, withoutQuota } from './processes.js';

const rounds = Number(process.env.ROUNDS ?? 9);
const seconds = Number(process.env.SECONDS ?? 5);
const target = (collection) => `/collections/${collection}/users?maxResults=100`;

const fake = await start(bench('fake-rekognition.js'));
const subjects = {
  naive: await start(bench('naive.js'), awsSettings(fake.url)),
  service: await start(service, { ...serviceSettings(fake.url), ...withoutQuota }),
};
let clients = 0;
const load = {
  // A collection for each connection, since the service makes one call of identical ones in flight.
  setupClient: (client) => {
    clients += 1;
    client.setRequests([{ path: target(`bench-${clients}`) }]);
  },
};
for (const subject of Object.values(subjects)) {
  await subject.answers(target('bench'));
  await warmUp(subject, load);
}
for (const connections of [1, 16]) await compare(subjects, { connections, rounds, seconds, load });
process.exit();
