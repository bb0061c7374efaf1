import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from '@jest/globals';

import { readFile } from '../support/deploy-files.ts';
import { testWith } from '../support/tools.ts';

const testWithPromtool = testWith('promtool');
const testWithNginx = testWith('nginx');

testWithPromtool("promtool takes Prometheus's settings and the alerts (needs Debian's prometheus)", () => {
  const { status, stdout, stderr } = spawnSync(
    'promtool',
    ['check', 'config', 'deploy/prometheus/prometheus.yaml'],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/SUCCESS: 1 rule files found[^]*SUCCESS: \d+ rules found/);
});

testWithNginx("nginx takes the balancer's settings (needs Debian's nginx)", () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'rollcall-nginx-'));
  const file = path.join(directory, 'nginx.conf');
  // Debian's is older than `resolve`, and there is no Docker to resolve by.
  const server = /server rollcall:8080 resolve /;
  const shipped = readFile('deploy/nginx/nginx.conf');
  expect(shipped).toMatch(server);
  writeFileSync(file, shipped.replace(server, 'server 127.0.0.1:8080 ').replaceAll('/tmp/', `${directory}/`));
  const { status, stderr } = spawnSync('nginx', ['-t', '-c', file], { encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  expect([status, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
});
