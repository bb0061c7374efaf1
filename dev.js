// Runs the service, and builds and starts it anew whenever a file changes that it is made of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { context } from 'esbuild';

const { dirname: root } = import.meta;
let stop = async () => undefined;
let isEnding = false;

// esbuild bundles here only to know what to watch. It waits for `onEnd` before it looks for the next change.
const restart = {
  name: 'restart',
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      // They are on the screen, and the service goes on as it was.
      if (errors.length > 0) return;
      await stop();
      // While the old service was finishing its requests, this process was told to end.
      if (isEnding) return;
      const service = spawn(process.execPath, ['--import=./build.js', 'dist/server.js'], {
        cwd: root,
        stdio: 'inherit',
      });
      const ended = once(service, 'exit');
      stop = () => {
        service.kill();
        return ended;
      };
    });
  },
};

const watcher = await context({
  absWorkingDir: root,
  entryPoints: ['src/server.ts', 'docs-page/write-page.ts', 'docs-page/assets/*', 'openapi.yaml'],
  loader: { '.css': 'copy', '.js': 'copy', '.svg': 'copy', '.yaml': 'copy' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  outdir: 'dist',
  write: false,
  logLevel: 'error',
  plugins: [restart],
});
await watcher.watch();

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isEnding = true;
    void stop().then(() => process.exit(0));
  });
}
