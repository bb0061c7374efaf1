// The service against ten naive lines, over the same fake: requests a second, and CPU time a request.
import autocannon from 'autocannon';
import { readFileSync } from 'node:fs';
import process from 'node:process';

import { awsSettings, bench, median, print, service, serviceSettings, start } from './processes.js';

const rounds = Number(process.env.ROUNDS ?? 9);
const seconds = Number(process.env.SECONDS ?? 5);
const WARM_UP_REQUESTS = 12_000;
const target = '/collections/bench/users?maxResults=100';

const fake = await start(bench('fake-rekognition.js'));
const subjects = {
  naive: await start(bench('naive.js'), awsSettings(fake.url)),
  service: await start(service, serviceSettings(fake.url)),
};
for (const subject of Object.values(subjects)) {
  await subject.answers(target);
  await load(subject, { connections: 16, amount: WARM_UP_REQUESTS });
}

for (const connections of [1, 16]) {
  const rates = { naive: [], service: [] };
  const costs = { naive: [], service: [] };
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, so that a machine that slows down slows both.
    const names = round % 2 === 0 ? ['naive', 'service'] : ['service', 'naive'];
    for (const name of names) {
      const { rate, cost } = await load(subjects[name], { connections, duration: seconds });
      rates[name].push(rate);
      costs[name].push(cost);
    }
  }
  print(
    `${connections} connection${connections === 1 ? '' : 's'}, medians of ${rounds} rounds of ${seconds} s`,
  );
  report('requests/s', rates, 0);
  if (!costs.service.includes(undefined)) report('CPU µs/request', costs, 0);
}
process.exit();

/** Loads one process; anything but a 200 is an error, since it would be a comparison with something else. */
async function load({ url, pid }, options) {
  const before = cpuMicroseconds(pid);
  const began = process.hrtime.bigint();
  const result = await autocannon({ url: `${url}${target}`, ...options });
  const elapsed = Number(process.hrtime.bigint() - began) / 1e9;
  const after = cpuMicroseconds(pid);
  const done = result['2xx'];
  if (result.errors + result.timeouts + result.non2xx > 0) {
    throw new Error(`${url}: ${result.non2xx} answers other than 2xx, ${result.errors} errors`);
  }
  return { rate: done / elapsed, cost: after === undefined ? undefined : (after - before) / done };
}

/** User and system time of a process so far, from Linux's /proc; undefined elsewhere. */
function cpuMicroseconds(pid) {
  try {
    const [, afterName] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const fields = afterName.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return undefined;
  }
}

function report(unit, { naive, service: ours }, digits) {
  const [theirs, mine] = [median(naive), median(ours)];
  // Each round's two runs are neighbours in time: the spread of their ratios says how far to trust the medians.
  const ratios = ours.map((value, round) => value / naive[round]);
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  print(
    `  ${unit.padEnd(15)} naive ${theirs.toFixed(digits)}, service ${mine.toFixed(digits)}, ` +
      `service/naive ${(mine / theirs).toFixed(2)} (rounds: ${range})`,
  );
}
