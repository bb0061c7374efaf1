import autocannon from 'autocannon';
import { readFileSync } from 'node:fs';
import process from 'node:process';

import { median, print } from './processes.js';

const WARM_UP_REQUESTS = 12_000;
/** The service closes a connection after 10,000, and autocannon does not heed `Connection: close`. */
const REQUESTS_PER_CONNECTION = 5000;

/**
 * Compares processes under the same load, in rounds that take turns; `load` is autocannon's. Prints, and returns by name,
 * the medians of requests a second and, on Linux, of CPU time a request, and their ratios to the first subject.
 */
export async function compare(subjects, { connections, rounds, seconds, load }) {
  const names = Object.keys(subjects);
  const runs = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, so that a machine that slows down slows all.
    const order = round % 2 === 0 ? names : names.toReversed();
    const results = {};
    for (const name of order) {
      results[name] = await measure(subjects[name], { ...load, connections, duration: seconds });
    }
    runs.push(results);
  }
  const plural = connections === 1 ? '' : 's';
  print(`${connections} connection${plural}, medians of ${rounds} rounds of ${seconds} s`);
  const rate = report('requests/s', names, runs, 'rate');
  const cost = report('CPU µs/request', names, runs, 'cost');
  return { rate, cost };
}

/** Until the code is hot: the SDK's takes some 10,000 requests. */
export async function warmUp(subject, load) {
  await measure(subject, { ...load, connections: 16, amount: WARM_UP_REQUESTS });
}

/** Loads one process; anything but a 200 is an error, since it would be a comparison with something else. */
async function measure({ url, pid }, load) {
  const before = cpuMicroseconds(pid);
  const began = process.hrtime.bigint();
  const result = await autocannon({ url, reconnectRate: REQUESTS_PER_CONNECTION, ...load });
  const elapsed = Number(process.hrtime.bigint() - began) / 1e9;
  const after = cpuMicroseconds(pid);
  const done = result['2xx'];
  if (result.errors + result.timeouts + result.non2xx > 0) {
    throw new Error(`${url}: ${result.non2xx} answers other than 2xx, ${result.errors} errors`);
  }
  return { rate: done / elapsed, cost: (after - before) / done };
}

/** User and system time of a process so far, from Linux's /proc; NaN elsewhere. */
function cpuMicroseconds(pid) {
  try {
    const [, afterName] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const fields = afterName.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return NaN;
  }
}

function report(unit, names, runs, key) {
  const [baseline] = names;
  const ratioByName = {};
  for (const name of names) {
    const value = median(runs.map((results) => results[name][key]));
    const ratio = value / median(runs.map((results) => results[baseline][key]));
    // A round's runs are neighbours in time: the spread of their ratios says how far to trust the medians.
    const ratios = runs.map((results) => results[name][key] / results[baseline][key]);
    const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    const compared = name === baseline ? '' : `, ${ratio.toFixed(2)} × ${baseline} (rounds: ${range})`;
    print(`  ${unit.padEnd(15)} ${name.padEnd(20)} ${value.toFixed(0)}${compared}`);
    ratioByName[name] = ratio;
  }
  return ratioByName;
}
