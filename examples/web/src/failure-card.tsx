import type { RollcallError } from '@rollcall/client';
import { useEffect, useState } from 'react';

import { wordsFor } from './error-words.ts';
import { VanishingButton } from './vanishing-button.tsx';

interface Props {
  readonly error: RollcallError;
  readonly onRetry: () => void;
  readonly onStartAgain?: () => void;
  readonly retryLabel?: string;
}

/** An error in words a person understands, what to do about it, and what to quote when asking for help. */
export function FailureCard({ error, onRetry, onStartAgain, retryLabel = 'Try again' }: Props) {
  const { title, advice } = wordsFor(error);
  return (
    <div className="failure">
      {/* Without the button, which counts seconds: a screen reader would say the whole anew each time. */}
      <div role="alert">
        <h2>{title}</h2>
        <p>{advice}</p>
        {error.errors.length > 0 && (
          <ul>
            {error.errors.map(({ name, detail }) => (
              <li key={name}>{detail}</li>
            ))}
          </ul>
        )}
      </div>
      <p className="actions">
        {error.retryable && <RetryButton error={error} label={retryLabel} onRetry={onRetry} />}
        {error.code === 'INVALID_PAGE_TOKEN' && onStartAgain && (
          <VanishingButton className="primary" onClick={onStartAgain}>
            Start again
          </VanishingButton>
        )}
      </p>
      <p className="facts">
        <code>{error.code}</code>
        {error.requestId !== undefined && (
          <span>
            Request <code>{error.requestId}</code>
          </span>
        )}
      </p>
    </div>
  );
}

/** Waits as long as the service asked for. */
function RetryButton({
  error,
  label,
  onRetry,
}: {
  error: RollcallError;
  label: string;
  onRetry: () => void;
}) {
  const [left, setLeft] = useState(error.retryAfter ?? 0);
  useEffect(() => {
    setLeft(error.retryAfter ?? 0);
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [error]);
  return (
    <VanishingButton className="primary" disabled={left > 0} onClick={onRetry}>
      {left > 0 ? `${label} in ${left} s` : label}
    </VanishingButton>
  );
}
