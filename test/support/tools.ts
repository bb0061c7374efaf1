import { spawnSync } from 'node:child_process';

import { test } from '@jest/globals';

/** A test that needs a program of Debian's, and is skipped where it is not installed. */
function testWith(program: string, ...args: string[]) {
  if (spawnSync(program, args).error === undefined) return test;
  if (process.env['REQUIRE_DEPLOY_TOOLS']) throw new Error(`${program} is required, and not installed`);
  return test.skip;
}

export const testWithPromtool = testWith('promtool', '--version');
export const testWithNginx = testWith('nginx', '-v');
