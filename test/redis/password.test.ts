import { afterEach } from '@jest/globals';
import { Redis } from 'ioredis';

import { printedCommands } from '../support/printed-commands.ts';
import { becomes, startRedis, stopRedis, testWithRedis } from '../support/redis.ts';
import { startService, stopServices } from '../support/service.ts';

afterEach(async () => {
  await stopServices();
  await stopRedis();
});

/** The commands by which docs/operations.md changes a password. */
const [add = '', remove = ''] = printedCommands
  .map(({ command }) => command)
  .filter((command) => command.startsWith('ACL SETUSER '));

testWithRedis(
  'A password of Redis that is changed as docs/operations.md says leaves no replica alone',
  async () => {
    const { url } = await startRedis('--requirepass', 'OLD');
    const withPassword = (password: string) => url.replace('//', `//:${password}@`);
    const replica = (password: string) =>
      startService({ config: { redis: { url: withPassword(password), keyPrefix: 'rollcall' } } });
    const admin = new Redis(withPassword('OLD'));
    const run = ([name = '', ...words]: readonly string[]) => admin.call(name, words);

    const old = await replica('OLD');
    await becomes(old, 'shared');
    await run(add.split(' '));
    const renewed = await replica('NEW');
    await becomes(renewed, 'shared');
    await becomes(old, 'shared');
    await run(remove.split(' '));
    await becomes(renewed, 'shared');
    await becomes(await replica('OLD'), 'away');
    admin.disconnect();
  },
);
