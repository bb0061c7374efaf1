import { badSettings, ConfigError, readConfig, usesAws, type Config } from './config.ts';
import type { Environment } from './config-values.ts';
import { resolveEndpoint, type RekognitionEndpoint } from './rekognition/resolve-endpoint.ts';

/** The settings of the service, and where Rekognition is, if it is AWS's. */
interface StartSettings {
  readonly config: Config;
  readonly aws: RekognitionEndpoint | undefined;
}

/** Reads this service's settings and AWS's own; throws one `ConfigError` that lists the issues of both. */
export async function readSettings(env: Environment, operations: readonly string[]): Promise<StartSettings> {
  const issues: string[] = [];
  const collect = (error: unknown): undefined => {
    if (!(error instanceof ConfigError)) throw error;
    issues.push(...error.issues);
  };
  let config: Config | undefined;
  try {
    config = readConfig(env, operations);
  } catch (error) {
    collect(error);
  }
  const aws = usesAws(env) ? await findEndpoint(env).catch(collect) : undefined;
  if (!config || issues.length > 0) throw badSettings(issues);
  return { config, aws };
}

/** The variables that decide on the endpoint, besides AWS's files. */
const VARIABLES = [
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_REKOGNITION',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
];

async function findEndpoint(env: Environment): Promise<RekognitionEndpoint> {
  try {
    return await resolveEndpoint();
  } catch (error) {
    const given = VARIABLES.filter((name) => env[name] !== undefined)
      .map((name) => `${name}=${env[name] ?? ''}`)
      .join(', ');
    const issue = `AWS_REGION must be set, and AWS's other settings must name an endpoint: ${(error as Error).message}`;
    throw badSettings([visible(`${issue}${given && ` (${given})`}`)]);
  }
}

/** One line, with the control characters of a value: a carriage return would hide the text before it. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
