import { z } from 'zod';

import {
  isLoopback,
  isTrustedUrl,
  isUrlOf,
  trimmed,
  TRUSTED_URL,
  type Environment,
} from './config-values.ts';
import { quotaVariable, settings } from './settings.ts';

/** The settings in groups, read once at start. Times are in milliseconds. */
export type Config = DeepReadonly<z.output<ReturnType<typeof configSchema>>>;
/** What bearer tokens must hold, and where the keys are that sign them. */
export type TokenRules = NonNullable<Config['auth']>;
type Settings = z.output<ReturnType<typeof settings>>;
type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/** The environment holds issues; the message lists them all, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const PROTOCOL = 'http/protobuf';

/** The settings as the service uses them. What several of them must be together is checked beside the issues of each. */
function configSchema(operations: readonly string[]) {
  return settings(operations)
    .superRefine(checkAuth, { when: () => true })
    .superRefine(checkTracing, { when: () => true })
    .transform(({ production, backend, auth, tracing, ...groups }) => ({
      ...groups,
      production: production === 'production',
      backend: backend ?? (production === 'production' ? 'aws' : 'embedded'),
      /** Undefined where everyone who reaches the service may read everything. */
      auth: auth.mode === 'jwt' ? tokenRules(auth) : undefined,
      tracing: tracingIsOn(tracing),
    }));
}

/** Reads the environment; throws one `ConfigError` that lists every issue. `operations` are those of Rekognition. */
export function readConfig(env: Environment, operations: readonly string[] = []): Config {
  const { data, error } = configSchema(operations).safeParse(env);
  const messages = [
    ...(error?.issues.map(({ message }) => message) ?? []),
    ...unknownQuotas(env, operations),
  ];
  if (data && messages.length === 0) return data;
  // Each message begins with its variable, and the first of a variable says what to correct first.
  const issues = new Map(messages.toReversed().map((message) => [message.split(' ')[0], message]));
  throw new ConfigError(`bad settings:\n  ${[...issues.values()].toReversed().join('\n  ')}`);
}

function unknownQuotas(env: Environment, operations: readonly string[]): string[] {
  const known = operations.map(quotaVariable);
  return Object.keys(env)
    .filter((name) => name.startsWith('UPSTREAM_TPS_') && !known.includes(name) && trimmed(env[name]))
    .map((name) => `${name} must be the quota of a known operation: ${known.join(', ')}`);
}

/** The quota of one operation of Rekognition. A rate of its own is its burst as well. */
export function quotaOf({ tps, burst, tpsOf }: Config['upstream'], operation: string) {
  const own = tpsOf[operation];
  return { tps: own ?? tps, burst: own ?? burst };
}

type Context = z.core.$RefinementCtx;

/** User ids of a face collection are personal data: open to other machines only where somebody decided so. */
function checkAuth({ http: { host }, auth }: Settings, context: Context): void {
  const { mode, issuer, audience, jwksUri } = auth;
  if (mode === 'jwt') {
    if (issuer === undefined) context.addIssue('AUTH_ISSUER must be set with AUTH_MODE=jwt');
    else if (jwksUri === undefined && !isTrustedUrl(issuer)) {
      context.addIssue(`AUTH_ISSUER must be ${TRUSTED_URL}, unless AUTH_JWKS_URI is set`);
    }
    if (audience === undefined) context.addIssue('AUTH_AUDIENCE must be set with AUTH_MODE=jwt');
  } else if (mode === undefined && (issuer ?? audience ?? jwksUri) !== undefined) {
    context.addIssue('AUTH_MODE must be set to jwt, or to none without the other AUTH_ settings');
  } else if (mode === undefined && !isLoopback(host)) {
    context.addIssue(
      `AUTH_MODE must be set, since HOST=${host} is open to other machines: jwt, or none behind something that authenticates`,
    );
  }
}

/** Checked already: issuer and audience are there. Nothing would verify against empty ones. */
function tokenRules({ issuer = '', audience = '', jwksUri, collectionsClaim }: Settings['auth']) {
  return { issuer, audience, jwksUri, collectionsClaim };
}

/** Whether OpenTelemetry's own variables ask for traces: by an exporter or a collector, unless they say not to. */
function tracingIsOn({ disabled, exporter, endpoint, tracesEndpoint }: Settings['tracing']): boolean {
  if (disabled?.toLowerCase() === 'true') return false;
  return exporter === undefined ? (tracesEndpoint ?? endpoint) !== undefined : exporter !== 'none';
}

/** Traces that are asked for must be able to arrive. What only OpenTelemetry's SDK reads is for the SDK to judge. */
function checkTracing({ tracing }: Settings, context: Context): void {
  if (!tracingIsOn(tracing)) return;
  const { exporter = 'otlp', endpoint, tracesEndpoint, protocol = PROTOCOL, tracesProtocol } = tracing;
  const urls = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesEndpoint };
  for (const [variable, url] of Object.entries(urls)) {
    if (url !== undefined && !isUrlOf(url, 'http:', 'https:')) {
      context.addIssue(`${variable} must be a URL such as http://collector.example.com:4318`);
    }
  }
  if (exporter !== 'otlp') context.addIssue('OTEL_TRACES_EXPORTER must be otlp or none');
  if ((tracesProtocol ?? protocol) !== PROTOCOL) {
    context.addIssue(`OTEL_EXPORTER_OTLP_${tracesProtocol ? 'TRACES_' : ''}PROTOCOL must be ${PROTOCOL}`);
  }
}
