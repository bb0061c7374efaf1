import { once } from 'node:events';
import { connect } from 'node:net';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

import { freePort, launch } from './processes.js';

/** A real redis-server of its own, with nothing on disk. */
export async function startRedis() {
  const port = await freePort();
  const args = ['--port', String(port), '--save', '', '--bind', '127.0.0.1'];
  const begin = async () => {
    const server = launch('redis-server', args, { PATH: process.env.PATH });
    await listening(port);
    return server;
  };
  let server = await begin();
  return {
    url: `redis://127.0.0.1:${port}`,
    /** As kill -9, with all it knows. */
    stop: () => server.stop(),
    /** Answers nothing until it is resumed; connections stay open. */
    pause: () => server.child.kill('SIGSTOP'),
    resume: () => server.child.kill('SIGCONT'),
    /** On the same port. */
    async restart() {
      server = await begin();
    },
  };
}

async function listening(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await setTimeout(5);
    } finally {
      socket.destroy();
    }
  }
}
