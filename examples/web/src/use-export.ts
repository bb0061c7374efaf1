import { isRollcallError, type RollcallError, type UserStream } from '@rollcall/client';
import { useEffect, useRef, useState } from 'react';

import { rollcall } from './service.ts';

/** How far an export is. */
export type ExportState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly count: number; readonly total: number | undefined }
  | { readonly phase: 'failed'; readonly count: number; readonly error: RollcallError }
  | { readonly phase: 'done'; readonly count: number; readonly file: string };

interface Job {
  readonly stream: UserStream;
  readonly lines: string[];
  readonly abort: AbortController;
}

/** Users between two looks at the progress. */
const STEP = 250;

/** Every user of a collection as one file of NDJSON. After a failure it goes on where it stopped. */
export function useExport(collectionId: string) {
  const [state, setState] = useState<ExportState>({ phase: 'idle' });
  const job = useRef<Job>(undefined);
  useEffect(() => () => job.current?.abort.abort(), []);
  const file = state.phase === 'done' ? state.file : undefined;
  useEffect(() => () => (file === undefined ? undefined : URL.revokeObjectURL(file)), [file]);

  async function run({ stream, lines, abort }: Job) {
    const progress = () => setState({ phase: 'running', count: lines.length, total: stream.total });
    progress();
    try {
      for await (const user of stream) {
        if (lines.push(`${JSON.stringify(user)}\n`) % STEP === 0) progress();
      }
      setState({ phase: 'done', count: lines.length, file: save(lines, `${collectionId}.ndjson`) });
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!isRollcallError(error)) throw error;
      setState({ phase: 'failed', count: lines.length, error });
    }
  }

  return {
    state,
    start() {
      const abort = new AbortController();
      job.current = {
        stream: rollcall.streamUsers(collectionId, { signal: abort.signal }),
        lines: [],
        abort,
      };
      void run(job.current);
    },
    resume() {
      if (job.current) void run(job.current);
    },
    cancel() {
      job.current?.abort.abort();
      setState({ phase: 'idle' });
    },
  };
}

/** Hands the lines to the browser as a download, and returns the URL under which they can be had again. */
function save(lines: readonly string[], name: string): string {
  const url = URL.createObjectURL(new Blob([...lines], { type: 'application/x-ndjson' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  return url;
}
