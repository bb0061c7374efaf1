import * as z from 'zod';

import {
  isLoopback,
  isProxyUrl,
  isTrustedUrl,
  isUrlOf,
  trimmed,
  TRUSTED_URL,
  type Environment,
} from './config-values.ts';
import { quotaVariable, settings } from './settings.ts';

/** The settings in groups, read once at start. Times are in milliseconds. */
export type Config = DeepReadonly<z.output<ReturnType<typeof configSchema>>>;
/** What bearer tokens must contain, and where the keys that sign them are. */
export type TokenRules = NonNullable<Config['auth']>;
type Settings = z.output<ReturnType<typeof settings>>;
type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/** The service cannot start as it is set. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly string[];

  constructor(message: string, issues: readonly string[] = []) {
    super(message);
    this.issues = issues;
  }
}

/** Settings are bad; the message lists all issues, a line each. */
export function badSettings(issues: readonly string[]): ConfigError {
  return new ConfigError(`bad settings:\n  ${issues.join('\n  ')}`, issues);
}

const PROTOCOL = 'http/protobuf';

/** The settings as the service uses them. Rules over several settings run even if a single one is bad (`when`). */
function configSchema(env: Environment, operations: readonly string[]) {
  return settings(operations)
    .superRefine(checkPorts, { when: () => true })
    .superRefine(checkAuth, { when: () => true })
    .superRefine(checkTracing, { when: () => true })
    .superRefine(checkProxies(env), { when: () => true })
    .transform(({ production, auth, tracing, ...groups }) => ({
      ...groups,
      production: production === 'production',
      backend: usesAws(env) ? ('aws' as const) : ('embedded' as const),
      /** Undefined if everyone who reaches the service may read everything. */
      auth: auth.mode === 'jwt' ? tokenRules(auth) : undefined,
      tracing: tracingIsOn(tracing),
    }));
}

/** Whether Rekognition is AWS's, also if other settings are bad. */
export function usesAws(env: Environment): boolean {
  const byDefault = trimmed(env['NODE_ENV']) === 'production' ? 'aws' : 'embedded';
  return (trimmed(env['REKOGNITION_BACKEND']) ?? byDefault) === 'aws';
}

/** Reads the environment; throws one `ConfigError` that lists every issue. `operations` are those of Rekognition. */
export function readConfig(env: Environment, operations: readonly string[] = []): Config {
  const { data, error } = configSchema(env, operations).safeParse(env);
  const messages = [
    ...(error?.issues.map(({ message }) => message) ?? []),
    ...unknownQuotas(env, operations),
  ];
  if (data && messages.length === 0) return data;
  // Each message begins with its variable. Of several messages about one variable only the first is listed.
  const issues = new Map(messages.toReversed().map((message) => [message.split(' ')[0], message]));
  throw badSettings([...issues.values()].toReversed());
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

function checkPorts({ http: { port, metricsPort } }: Settings, context: Context): void {
  if (port === metricsPort && port !== 0) context.addIssue('METRICS_PORT must be another port than PORT');
}

/** User ids are personal data: other machines can read them only if `AUTH_MODE` is set. */
function checkAuth({ http: { host }, auth }: Settings, context: Context): void {
  const { mode, issuer, audience, jwksUri } = auth;
  if (mode === 'jwt') {
    if (issuer === undefined) context.addIssue('AUTH_ISSUER must be set with AUTH_MODE=jwt');
    else if (jwksUri === undefined && !isTrustedUrl(issuer)) {
      context.addIssue(`AUTH_ISSUER must be ${TRUSTED_URL}, unless AUTH_JWKS_URI is set`);
    }
    if (audience === undefined) context.addIssue('AUTH_AUDIENCE must be set with AUTH_MODE=jwt');
  } else if (mode === undefined && (issuer ?? audience ?? jwksUri) !== undefined) {
    context.addIssue(
      'AUTH_MODE must be set, since other AUTH_ settings are: jwt, or none, which ignores them',
    );
  } else if (mode === undefined && !isLoopback(host)) {
    context.addIssue(
      `AUTH_MODE must be set, since HOST=${host} is open to other machines: jwt, or none behind something that authenticates`,
    );
  }
}

/** `checkAuth` requires issuer and audience; no token would verify against an empty one. */
function tokenRules({ issuer = '', audience = '', jwksUri, collectionsClaim }: Settings['auth']) {
  return { issuer, audience, jwksUri, collectionsClaim };
}

/** Whether OpenTelemetry's own variables ask for traces: by an exporter or a collector, unless they say not to. */
function tracingIsOn({ disabled, exporter, endpoint, tracesEndpoint }: Settings['tracing']): boolean {
  if (disabled?.toLowerCase() === 'true') return false;
  return exporter === undefined ? (tracesEndpoint ?? endpoint) !== undefined : exporter !== 'none';
}

/** Checks the variables that decide whether traces arrive. OpenTelemetry's SDK checks its others itself. */
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

/** undici reads these itself, as they are written, for requests to AWS and for the issuer's keys. */
const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

function checkProxies(env: Environment) {
  return ({ auth }: Settings, context: Context): void => {
    if (!usesAws(env) && auth.mode !== 'jwt') return;
    for (const variable of PROXIES) {
      const value = env[variable] ?? '';
      if (value !== '' && !isProxyUrl(value)) {
        context.addIssue(`${variable} must be a URL such as http://proxy.example.com:3128`);
      }
    }
  };
}
