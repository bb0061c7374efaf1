import { registerGauges } from '../../src/metrics/gauges.ts';
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
  const metrics = createMetrics(['ListUsers']);
  metrics.watchProcess();
  const waiting = { interactive: 0, background: 0 };
  const lane = {
    configuredRate: 5,
    governor: { state: () => ({ rate: 5, permitsAvailable: 5, waiting, standing: false }) },
    breaker: { state: () => 'closed', suspendedScopes: () => 0 },
    cache: { state: () => ({ results: 0, bytes: 0 }) },
  };
  registerGauges(metrics.registry, { lanes: new Map([['ListUsers', lane]]), sharing: { shared: true } });
  metrics.requests.inc({ route: 'none', method: 'GET', status: '404', code: 'ROUTE_NOT_FOUND' });
  metrics.requestSeconds.observe({ route: 'none' }, 0.1);
  metrics.attemptSeconds.observe({ operation: 'ListUsers', outcome: 'ok' }, 0.1);
  metrics.retries.inc({ operation: 'ListUsers', code: 'UPSTREAM_ERROR' });
  const text = await metrics.registry.metrics();
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
