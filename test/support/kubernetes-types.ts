import ts from 'typescript';

/** A kind of object, and where its type is. */
const TYPES: Readonly<Record<string, string>> = {
  ServiceAccount: 'v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  NetworkPolicy: 'networking.k8s.io/v1',
};

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Where the schema of an object's kind is in the package kubernetes-models; throws for a kind that is not listed. */
export function modelPath({ apiVersion, kind }: KubernetesObject): string {
  if (TYPES[kind] !== apiVersion) throw new Error(`Is ${kind} of ${apiVersion} what it should be?`);
  return `kubernetes-models/${apiVersion}/${kind}`;
}

/**
 * What the compiler says of objects written as literals of their types: unlike Kubernetes's schemas it minds a field
 * that does not exist.
 */
export function typeErrors(objects: readonly KubernetesObject[]): string[] {
  const text = objects
    .map((object, i) => {
      const type = `import('${modelPath(object)}').I${object.kind}`;
      return `export const object${i}: ${type} = ${JSON.stringify(object)};`;
    })
    .join('\n');
  // Beside the tests, so that packages are found; it is never written.
  const name = new URL('kubernetes-objects.ts', import.meta.url).pathname;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (file) => file === name || disk.fileExists(file);
  host.getSourceFile = (file, target, ...rest) =>
    file === name ? ts.createSourceFile(file, text, target) : disk.getSourceFile(file, target, ...rest);
  const program = ts.createProgram([name], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
