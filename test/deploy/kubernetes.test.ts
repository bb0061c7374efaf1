import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { readConfig } from '../../src/config.ts';
import { upstreamOperations } from '../../src/operations/index.ts';
import { END_MS, filesIn, imageEnv, readFile, readYaml, unknownVariables } from '../support/deploy-files.ts';
import { printedCommands, readPage } from '../support/printed-commands.ts';
import { testWith } from '../support/tools.ts';
import { modelPath, typeErrors, type KubernetesObject } from '../support/kubernetes-types.ts';

const testWithKubectl = testWith('kubectl');

/** The compiler takes its time where machines are busy. */
const COMPILE_MS = 60_000;

/** As it was read: anything. */
type Tree = Record<string, ReturnType<typeof JSON.parse>>;

const BASE = 'deploy/kubernetes';
const kustomization = readYaml(`${BASE}/kustomization.yaml`) as Tree;
const objects = (kustomization['resources'] as string[]).map(
  (file) => readYaml(`${BASE}/${file}`) as KubernetesObject & Tree,
);
const objectOf = (kind: string): Tree => {
  const object = objects.find((candidate) => candidate.kind === kind);
  if (!object) throw new Error(`There is no ${kind}`);
  return object['spec'] as Tree;
};
const deployment = objectOf('Deployment');
const pod = deployment['template'].spec as Tree;
const container = pod['containers'][0] as Tree;
const labels = { 'app.kubernetes.io/name': 'rollcall' };
const configMap = Object.fromEntries(
  [...readFile(`${BASE}/settings.env`).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
) as Record<string, string>;
const secrets: Record<string, string> = {
  CURSOR_SECRETS: 'k'.repeat(32),
  REDIS_URL: 'rediss://:p@redis:6379',
};
const config = readConfig({ ...imageEnv, ...configMap, ...secrets });

async function schemaErrors(object: KubernetesObject): Promise<string> {
  const { [object.kind]: Model } = (await import(modelPath(object))) as Record<
    string,
    new (data: unknown) => { validate(): void }
  >;
  if (!Model) return 'no such kind';
  try {
    new Model(object).validate();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('the kustomization lists every file of the base', () => {
  const { resources, configMapGenerator } = kustomization;
  const listed = [...resources, ...configMapGenerator[0].envs, 'kustomization.yaml'] as string[];
  expect(listed.sort()).toEqual(filesIn(BASE));
});

test.each(objects)("the $kind is one by Kubernetes's schema", async (object) => {
  expect(await schemaErrors(object)).toBe('');
});

test(
  'no object has a field that Kubernetes does not know',
  () => {
    expect(typeErrors(objects)).toEqual([]);
  },
  COMPILE_MS,
);

test(
  'a wrong type, a missing field and an unknown one would be found',
  async () => {
    const broken = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { maxUnavailabl: 1 } };
    expect(typeErrors([broken])).toEqual([expect.stringContaining('maxUnavailabl')]);
    const service = { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ name: 'http' }] } };
    expect(await schemaErrors(service)).toContain('must have required property');
    const deploy = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { ...deployment, paused: 'no' } };
    expect(await schemaErrors(deploy)).toContain('paused must be boolean');
  },
  COMPILE_MS,
);

test('the service takes what the pods set, and nothing is set that it does not read', () => {
  const fromSecret = container['env'] as Tree[];
  const names = [...Object.keys(configMap), ...fromSecret.map(({ name }) => String(name))];
  expect(unknownVariables(names)).toEqual([]);
  expect(config).toMatchObject({
    backend: 'aws',
    http: { host: '0.0.0.0', trustProxy: 1 },
    pageTokens: { secrets: [secrets['CURSOR_SECRETS']] },
  });
  expect(config.auth).toBeDefined();
});

test('what is secret comes from a Secret that is not in the repository', () => {
  const fromSecret = container['env'] as Tree[];
  expect(fromSecret).toEqual(
    Object.keys(secrets).map((key) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: 'rollcall', key } },
    })),
  );
  expect(Object.keys(configMap).filter((name) => name in secrets)).toEqual([]);
  expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
  expect(container['envFrom']).toEqual([
    { configMapRef: { name: kustomization['configMapGenerator'][0].name } },
  ]);
});

test('a pod has the time to stop that its settings give it', () => {
  const needed = config.shutdown.delayMs + config.shutdown.graceMs + END_MS;
  expect(needed).toBeLessThanOrEqual(pod['terminationGracePeriodSeconds'] * 1000);
  // Readiness has been seen to be off before the delay is over.
  const { periodSeconds, failureThreshold } = container['readinessProbe'] as Tree;
  expect(periodSeconds * failureThreshold * 1000).toBeLessThanOrEqual(config.shutdown.delayMs);
});

test('REPLICAS is the most that may run, with the surge of a rollout', () => {
  const { maxReplicas } = objectOf('HorizontalPodAutoscaler') as { maxReplicas: number };
  const { maxSurge, maxUnavailable } = deployment['strategy'].rollingUpdate as Record<string, number>;
  expect(config.upstream.replicas).toBe(maxReplicas + Number(maxSurge));
  expect(maxUnavailable).toBe(0);
  expect(deployment).not.toHaveProperty('replicas');
});

test('ports and probes are those of the service', () => {
  expect(container['ports']).toEqual([
    { name: 'http', containerPort: Number(imageEnv['PORT']) },
    { name: 'metrics', containerPort: config.http.metricsPort },
  ]);
  const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map(
    (probe) => container[probe].httpGet as unknown,
  );
  expect(paths).toEqual(['/livez', '/livez', '/readyz'].map((path) => ({ path, port: 'http' })));
  expect(objectOf('Service')['ports']).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
});

test('a pod may do no more than it needs', () => {
  expect(pod['securityContext']).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(container['securityContext']).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod['automountServiceAccountToken']).toBe(false);
  expect(container['resources'].limits).toEqual({ memory: container['resources'].requests.memory });
});

test('the heap leaves more than a third of the memory to the rest of the process, in the image as in the pods', () => {
  const [, oldMiB, semiMiB] = /^--max-old-space-size=(\d+) --max-semi-space-size=(\d+)$/.exec(
    configMap['NODE_OPTIONS'] ?? '',
  ) as unknown as [string, string, string];
  const limitMiB = parseInt(container['resources'].limits.memory as string, 10);
  // The young generation is up to three semi-spaces.
  expect(Number(oldMiB) + 3 * Number(semiMiB)).toBeLessThan((limitMiB * 2) / 3);
  expect(imageEnv['NODE_OPTIONS']).toBe(configMap['NODE_OPTIONS']);
});

test('all of them mean the same pods', () => {
  expect(deployment['template'].metadata.labels).toEqual(labels);
  expect(deployment['selector'].matchLabels).toEqual(labels);
  expect(objectOf('Service')['selector']).toEqual(labels);
  expect(objectOf('PodDisruptionBudget')['selector'].matchLabels).toEqual(labels);
  expect(objectOf('NetworkPolicy')['podSelector'].matchLabels).toEqual(labels);
  for (const { labelSelector } of pod['topologySpreadConstraints']) {
    expect(labelSelector.matchLabels).toEqual(labels);
  }
  expect(objectOf('HorizontalPodAutoscaler')['scaleTargetRef'].name).toBe('rollcall');
  expect(pod['serviceAccountName']).toBe('rollcall');
});

test('a pod may ask the DNS of the cluster and of its node for names', () => {
  const rules = objectOf('NetworkPolicy')['egress'] as Tree[];
  const dns = rules.filter(({ ports }) => (ports as Tree[]).some(({ port }) => port === 53));
  expect(dns).toEqual([
    {
      to: [
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } },
        { ipBlock: { cidr: '169.254.20.10/32' } },
      ],
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    },
  ]);
});

test('the image is of this version', () => {
  const { version } = JSON.parse(readFile('package.json')) as { version: string };
  expect(kustomization['images']).toMatchObject([{ name: container['image'], newTag: version }]);
});

test('the role may read the users of collections and list collections, and nothing else', () => {
  const { Statement } = JSON.parse(readFile('deploy/iam/policy.json')) as Tree;
  expect(Statement).toMatchObject([
    {
      Effect: 'Allow',
      Action: ['rekognition:ListUsers', 'rekognition:DescribeCollection'],
      Resource: expect.stringMatching(/^arn:aws:rekognition:[a-z0-9-]+:\d{12}:collection\//),
    },
    { Effect: 'Allow', Action: 'rekognition:ListCollections', Resource: '*' },
  ]);
  const allowed = (Statement as { Action: string | string[] }[]).flatMap(({ Action }) => Action);
  expect(allowed.toSorted()).toEqual(upstreamOperations.map((name) => `rekognition:${name}`).toSorted());
  const trust = JSON.parse(readFile('deploy/iam/trust-pod-identity.json')) as Tree;
  expect(trust['Statement'][0].Condition.StringEquals).toEqual({
    'aws:RequestTag/kubernetes-namespace': kustomization['namespace'],
    'aws:RequestTag/kubernetes-service-account': 'rollcall',
  });
  const irsa = JSON.parse(readFile('deploy/iam/trust-irsa.json')) as Tree;
  expect(Object.values(irsa['Statement'][0].Condition.StringEquals as Tree)).toEqual([
    `system:serviceaccount:${String(kustomization['namespace'])}:rollcall`,
    'sts.amazonaws.com',
  ]);
});

const kubectl = printedCommands
  .flatMap(({ command }) => command.replaceAll(/\\\n */g, '').split('\n'))
  .filter((line) => line.startsWith('kubectl '));
/** Each thing that these commands name so. */
const namedBy = (pattern: RegExp) => [
  ...new Set(kubectl.flatMap((line) => [...line.matchAll(pattern)].map(([, name]) => name))),
];

test('The kubectl commands of docs/operations.md name the namespace, the Deployment and the Secret of the manifests', () => {
  expect(namedBy(/(?:-n|namespace) (\S+)/g)).toEqual([kustomization['namespace']]);
  const ofDeployments = objects
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata }) => metadata.name as string);
  expect(namedBy(/deployment\/(\S+)/g)).toEqual(ofDeployments);
  const fromSecret = container['env'] as { valueFrom: { secretKeyRef: { name: string } } }[];
  expect(namedBy(/create secret generic (\S+)/g)).toEqual([
    ...new Set(fromSecret.map(({ valueFrom }) => valueFrom.secretKeyRef.name)),
  ]);
  expect(namedBy(/--from-literal=(\w+)=/g)).toEqual(Object.keys(secrets));
});

testWithKubectl.each(kubectl.filter((line) => line.includes(' create ') && !line.includes('…')))(
  'kubectl takes: %s',
  (line) => {
    const { status, stderr } = spawnSync('bash', ['-c', `${line} --dry-run=client -o yaml`], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  },
);

const yamlIn = (page: string) =>
  [...readPage(page).matchAll(/^( *)```yaml\n([^]*?)^ *```/gm)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
const [overlay = '', podMonitor = ''] = yamlIn('docs/operations.md');

test('the overlay in docs/operations.md changes what the base has, to settings that the service takes', () => {
  const { resources, namespace, images, configMapGenerator } = parse(overlay) as Tree;
  expect(resources).toEqual([`../rollcall/${BASE}`]);
  expect(namespace).toBe(kustomization['namespace']);
  expect((images as { name: string }[]).map(({ name }) => name)).toEqual([
    kustomization['images'][0].newName,
  ]);
  expect(configMapGenerator).toMatchObject([
    { name: kustomization['configMapGenerator'][0].name, behavior: 'merge' },
  ]);
  const literals = Object.fromEntries(
    (configMapGenerator[0].literals as string[]).map((literal) => literal.split('=')),
  ) as Record<string, string>;
  expect(unknownVariables(Object.keys(literals))).toEqual([]);
  expect(readConfig({ ...imageEnv, ...configMap, ...literals, ...secrets }).auth).toBeDefined();
});

test('the PodMonitor in docs/operations.md finds the pods, their port, and the name of the job', () => {
  const { spec, metadata } = parse(podMonitor) as Tree;
  expect(metadata.namespace).toBe(kustomization['namespace']);
  expect(spec.selector.matchLabels).toEqual(labels);
  expect(Object.keys(labels)).toContain(spec.jobLabel);
  expect((container['ports'] as { name: string }[]).map(({ name }) => name)).toContain(
    spec.podMetricsEndpoints[0].port,
  );
});

testWithKubectl('kubectl builds the overlay in docs/operations.md', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'rollcall-overlay-'));
  mkdirSync(path.join(directory, 'overlay'));
  writeFileSync(path.join(directory, 'overlay/kustomization.yaml'), overlay);
  cpSync(new URL(`../../${BASE}`, import.meta.url), path.join(directory, 'rollcall', BASE), {
    recursive: true,
  });
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', 'overlay'], {
    cwd: directory,
    encoding: 'utf8',
  });
  rmSync(directory, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/rollcall:0.1.0');
  expect(stdout).toContain('CORS_ORIGINS: https://app.example.org');
});
