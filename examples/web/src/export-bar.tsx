import { useRef, useState } from 'react';

import { FailureCard } from './failure-card.tsx';
import { useExport, type ExportState } from './use-export.ts';

/**
 * Saves the whole collection as a file: with progress, cancel, and resume after a failure. Where a button makes way for another, that
 * takes the focus, lest the keyboard begin at the top of the page again.
 */
export function ExportBar({ collectionId }: { readonly collectionId: string }) {
  const { state, start, resume, cancel } = useExport(collectionId);
  const [used, setUsed] = useState(false);
  const end = useRef<HTMLButtonElement>(null);
  if (state.phase === 'idle') {
    const begin = () => {
      setUsed(true);
      start();
    };
    return (
      <button autoFocus={used} onClick={begin}>
        Export all
      </button>
    );
  }
  const goOn = () => {
    end.current?.focus();
    resume();
  };
  const count = `${state.count.toLocaleString('en')} ${state.count === 1 ? 'user' : 'users'}`;
  return (
    <section className="export" aria-label="Export">
      <p>
        {/* Without the numbers, which a screen reader would say each time: the bar has them. */}
        <span role="status">
          {state.phase === 'running' && 'Exporting'}
          {state.phase === 'failed' && `Stopped after ${count}. They are kept.`}
          {state.phase === 'done' && `Exported ${count}.`}
        </span>
        {state.phase === 'running' && ` ${progressIn(state)}`}
      </p>
      {state.phase === 'running' && (
        // Without a total, where Rekognition did not say, it shows that something is under way and no more.
        <progress aria-label="Export in progress" {...progressOf(state)} />
      )}
      {state.phase === 'done' && (
        <a href={state.file} download={`${collectionId}.ndjson`}>
          Save again
        </a>
      )}
      <button ref={end} autoFocus onClick={cancel}>
        {endLabels[state.phase]}
      </button>
      {state.phase === 'failed' && <FailureCard error={state.error} onRetry={goOn} retryLabel="Resume" />}
      {state.phase === 'failed' && !state.error.retryable && <button onClick={goOn}>Resume</button>}
    </section>
  );
}

const endLabels = { running: 'Cancel', failed: 'Discard', done: 'Close' } as const;

type Running = Extract<ExportState, { phase: 'running' }>;

function progressOf({ count, total }: Running) {
  return total === undefined ? {} : { value: Math.min(count, total), max: total };
}

function progressIn({ count, total }: Running): string {
  const read = count.toLocaleString('en');
  return total === undefined ? `${read} so far` : `${read} of ${total.toLocaleString('en')}`;
}
