// From the start of the process to its first 200: the service against a bare Express.
import process from 'node:process';

import { bench, median, print, service, serviceSettings, start } from './processes.js';

const rounds = Number(process.env.ROUNDS ?? 9);

const fake = await start(bench('fake-rekognition.js'));
const subjects = [
  { name: 'hello', file: bench('hello.js'), settings: {}, target: '/' },
  {
    name: 'service, embedded',
    file: service,
    settings: { REKOGNITION_BACKEND: 'embedded' },
    target: '/collections/example-team/users?maxResults=3',
  },
  {
    name: 'service, aws',
    file: service,
    settings: serviceSettings(fake.url),
    target: '/collections/bench/users?maxResults=3',
  },
];

const times = new Map(subjects.map(({ name }) => [name, []]));
// The round before the first fills the disk's cache, and does not count.
for (let round = -1; round < rounds; round += 1) {
  for (const { name, file, settings, target } of subjects) {
    const began = process.hrtime.bigint();
    const child = await start(file, settings);
    await child.answers(target);
    const elapsed = Number(process.hrtime.bigint() - began) / 1e6;
    await child.stop();
    if (round >= 0) times.get(name).push(elapsed);
  }
}

print(`start to first 200, medians of ${rounds} rounds`);
const hello = median(times.get('hello'));
for (const [name, values] of times) {
  const value = median(values);
  print(`  ${name.padEnd(18)} ${value.toFixed(0)} ms, ${(value / hello).toFixed(2)} × hello`);
}
process.exit();
