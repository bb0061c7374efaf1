import { spawnSync } from 'node:child_process';

import { test } from '@jest/globals';

/** What some tests need besides Node, how to get it, and the variable that makes them fail without it. */
const tools = {
  curl: { programs: ['bash', 'curl', 'jq'], install: 'apt-get install curl jq', required: 'REQUIRE_CURL' },
  python: { programs: ['python3'], install: 'apt-get install python3', required: 'REQUIRE_PYTHON' },
  java: { programs: ['java'], install: 'apt-get install default-jre-headless', required: 'REQUIRE_JAVA' },
  promtool: {
    programs: ['promtool'],
    install: 'apt-get install prometheus',
    required: 'REQUIRE_DEPLOY_TOOLS',
  },
  nginx: { programs: ['nginx'], install: 'apt-get install nginx', required: 'REQUIRE_DEPLOY_TOOLS' },
  // Debian's is too old; GitHub's runners have one.
  kubectl: {
    programs: ['kubectl'],
    install: 'see https://kubernetes.io/docs/tasks/tools',
    required: 'REQUIRE_KUBECTL',
  },
};

/** A test that needs a tool; where it is not installed it is skipped with a word, or fails where it is required. */
export function testWith(tool: keyof typeof tools): typeof test {
  const { programs, install, required } = tools[tool];
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  if (missing.length === 0) return test;
  const word = `not installed: ${missing.join(', ')}. To get it: ${install}`;
  if (process.env[required]) throw new Error(`${required} is set, and ${word}`);
  process.stderr.write(`Tests are skipped: ${word}\n`);
  return test.skip as typeof test;
}
