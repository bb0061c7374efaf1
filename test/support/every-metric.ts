import { createMetrics } from '../../src/metrics/metrics.ts';
import { readSamples, type Sample } from './samples.ts';

/** A metric as it is exposed. */
export interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric of a service in which everything has happened once, and all samples of them. */
export async function everyMetric(): Promise<{ described: Described[]; samples: Sample[] }> {
  const metrics = createMetrics();
  metrics.watchProcess();
  metrics.watch({
    configuredRate: 5,
    governor: { state: () => ({ rate: 5, permitsAvailable: 5, waiting: { page: 0, export: 0 } }) },
    sharing: { shared: true },
    breaker: { state: () => 'closed', suspendedCollections: () => 0 },
    kept: { state: () => ({ pages: 0, bytes: 0 }) },
  });
  metrics.requestEnded({ route: 'none', method: 'GET', status: 404, code: 'ROUTE_NOT_FOUND', seconds: 0.1 });
  metrics.attemptEnded('ok', 0.1);
  metrics.retried('UPSTREAM_ERROR');
  const text = await metrics.text();
  const samples = readSamples(text);
  const described = [...text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name = '', help = '', type = '']) => ({ name, type, help, labels: labelsOf(samples, name) }),
  );
  return { described, samples };
}

function labelsOf(samples: readonly Sample[], name: string): string[] {
  const own = samples.filter(
    (sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name || sample.name === name,
  );
  return [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))].filter((label) => label !== 'le');
}
