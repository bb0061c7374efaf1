import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from '@jest/globals';

import { loadDotEnv } from '../src/dot-env.ts';

const home = mkdtempSync(join(tmpdir(), 'dot-env-'));
const path = join(home, '.env');

afterAll(() => {
  rmSync(home, { recursive: true });
});

function load(content: string | Buffer, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  writeFileSync(path, content);
  loadDotEnv(env, path);
  return env;
}

test('variables are added, and those that are set already stay', () => {
  expect(load('A=1\nB=2\n', { B: 'set' })).toEqual({ A: '1', B: 'set' });
});

test('a byte order mark is no part of the first name', () => {
  expect(load('\ufeffA=1\r\nB=2\r\n')).toEqual({ A: '1', B: '2' });
});

test('UTF-16 is refused, with what to do', () => {
  expect(() => load(Buffer.from('\ufeffA=1\n', 'utf16le'))).toThrow(`cannot read ${path}: save it as UTF-8`);
});

test('without the file nothing is added, and a directory in its place is refused with its code', () => {
  const env = {};
  loadDotEnv(env, join(home, 'none'));
  expect(env).toEqual({});
  const directory = join(home, 'directory');
  mkdirSync(directory);
  expect(() => {
    loadDotEnv(env, directory);
  }).toThrow(`cannot read ${directory}: EISDIR`);
});
