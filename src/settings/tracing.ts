type Variables = Readonly<Record<string, string | undefined>>;

const PROTOCOL = 'http/protobuf';

/** Whether OpenTelemetry's own variables ask for traces: by an exporter or a collector, unless they say not to. */
export function tracingIsOn(env: Variables): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER'];
  if (exporter !== undefined) return exporter !== 'none';
  return (env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']) !== undefined;
}

/** Where traces are asked for in a way in which none would arrive. What only the SDK reads is for it to judge. */
export function tracingFaults(env: Variables): string[] {
  if (!tracingIsOn(env)) return [];
  const faults = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
    .filter((name) => !isCollector(env[name]))
    .map((name) => `${name} must be a URL such as http://collector.example.com:4318`);
  const exporter = env['OTEL_TRACES_EXPORTER'];
  if (exporter !== undefined && exporter !== 'otlp') faults.push('OTEL_TRACES_EXPORTER must be otlp or none');
  const [protocol, value] = protocolOf(env);
  if (value !== PROTOCOL) faults.push(`${protocol} must be ${PROTOCOL}`);
  return faults;
}

/** The more special of the two counts. */
function protocolOf(env: Variables): [name: string, value: string] {
  const special = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'];
  if (special !== undefined) return ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', special];
  return ['OTEL_EXPORTER_OTLP_PROTOCOL', env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? PROTOCOL];
}

function isCollector(text = 'http://localhost:4318'): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
