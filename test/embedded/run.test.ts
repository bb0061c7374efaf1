import { EventEmitter } from 'node:events';
import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import { describe, expect, test } from '@jest/globals';
import { readPort, runEmbedded } from '../../src/embedded/run.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { signedHeaders } from './signed.ts';

/** A run that writes into memory, and the signals it hears. */
function run(env: Record<string, string>, clock = { now: () => Date.now() }) {
  const signals = new EventEmitter();
  let written = '';
  const errors: string[] = [];
  let shown: (text: string) => void = () => undefined;
  const welcome = new Promise<string>((resolve) => (shown = resolve));
  const write = (text: string) => {
    written += text;
    shown(written);
  };
  const ended = runEmbedded({ env, write, writeError: (text) => errors.push(text), clock, signals });
  return { signals, welcome, errors, ended, written: () => written };
}

/** What the `export` lines of a welcome set. */
function settingsIn(welcome: string): Record<string, string> {
  const lines = welcome.split('\n').filter((line) => line.startsWith('  export '));
  const pairs = lines.flatMap((line) => line.trim().split(' ').slice(1));
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

describe('The embedded Rekognition alone', () => {
  test('prints settings that an AWS client can use, and what there is to see', async () => {
    const { signals, welcome, ended } = run({ REKOGNITION_PORT: '0' });
    const text = await welcome;
    const settings = settingsIn(text);
    const client = new RekognitionClient({
      endpoint: settings['AWS_ENDPOINT_URL_REKOGNITION'] ?? '',
      region: settings['AWS_REGION'] ?? '',
      credentials: {
        accessKeyId: settings['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: settings['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    });
    const page = await client.send(new ListUsersCommand({ CollectionId: 'example-team' }));
    expect(page.Users).toHaveLength(8);
    expect(text).toMatch(/^ {2}example-campus +5,000 users$/m);
    expect(text).toMatch(/^ {2}throws-AccessDeniedException +the role may not read it$/m);
    signals.emit('SIGTERM');
    expect(await ended).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'])('ends with 0 on %s, and twice does no harm', async (signal) => {
    const { signals, welcome, ended, errors } = run({ REKOGNITION_PORT: '0' });
    await welcome;
    signals.emit(signal);
    signals.emit(signal);
    expect(await ended).toBe(0);
    signals.emit(signal);
    expect(errors).toEqual([]);
  });

  test('stops on a signal that comes before it listens', async () => {
    const { signals, ended } = run({ REKOGNITION_PORT: '0' });
    signals.emit('SIGINT');
    expect(await ended).toBe(0);
  });

  test.each(['http', '-1', '65536', '4566.5', '0x10', '4 566', '1e3'])(
    'with the port %j says so in one line and ends with 1',
    async (port) => {
      const { ended, errors, written } = run({ REKOGNITION_PORT: port });
      expect(await ended).toBe(1);
      expect(errors).toEqual([
        `REKOGNITION_PORT must be a port, 0 to 65535, and is ${JSON.stringify(port)}.\n`,
      ]);
      expect(written()).toBe('');
    },
  );

  test('on a port in use says so in one line and ends with 1', async () => {
    const other = await startEmbeddedRekognition();
    const { ended, errors } = run({ REKOGNITION_PORT: String(other.port) });
    expect(await ended).toBe(1);
    expect(errors).toEqual([
      `Cannot start: listen EADDRINUSE: address already in use 127.0.0.1:${other.port}. ` +
        'REKOGNITION_HOST and REKOGNITION_PORT take another address.\n',
    ]);
    await other.stop();
  });

  test.each([
    ['"0.0.0.0"', 'every address', '0.0.0.0', 'http://0.0.0.0:'],
    ['with a line feed behind it', 'the same', '0.0.0.0\n', 'http://0.0.0.0:'],
    ['empty', 'a loopback address', '', 'http://127.0.0.1:'],
  ])('with REKOGNITION_HOST %s listens on %s', async (_text, _where, host, url) => {
    const { signals, welcome, ended } = run({ REKOGNITION_PORT: '0', REKOGNITION_HOST: host });
    const { AWS_ENDPOINT_URL_REKOGNITION: endpoint = '' } = settingsIn(await welcome);
    expect(endpoint).toMatch(url);
    const { status } = await fetch(endpoint.replace('0.0.0.0', '127.0.0.1'), { method: 'POST' });
    expect(status).toBe(400);
    signals.emit('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('takes port 4566 where none is set, or an empty one', () => {
    expect([readPort(undefined), readPort(''), readPort(' ')]).toEqual([4566, 4566, 4566]);
  });

  test('takes a port with white space around it', () => {
    expect([readPort('8000'), readPort(' 8000\r\n')]).toEqual([8000, 8000]);
  });

  test('writes an internal error out and goes on', async () => {
    const clock = { now: () => Date.now() };
    const { signals, welcome, errors, ended } = run({ REKOGNITION_PORT: '0' }, clock);
    const url = settingsIn(await welcome)['AWS_ENDPOINT_URL_REKOGNITION'] ?? '';
    const body = '{"CollectionId":"example-team"}';
    const headers = signedHeaders('RekognitionService.ListUsers', body, { host: new URL(url).host });
    clock.now = () => NaN;
    const response = await fetch(url, { method: 'POST', body, headers });
    expect(response.status).toBe(500);
    expect(errors).toEqual([expect.stringMatching(/^Internal error: RangeError: Invalid time value\n/)]);
    signals.emit('SIGTERM');
    expect(await ended).toBe(0);
  });
});
