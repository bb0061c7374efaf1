import { useEffect, useId, useState } from 'react';

interface Props {
  readonly label: string;
  readonly button: string;
  readonly className?: string;
  /** What the field holds until somebody types. */
  readonly value?: string;
  readonly onSubmit: (id: string) => void;
}

/** A field for one id. */
export function IdForm({ label, button, className, value = '', onSubmit }: Props) {
  const field = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const id = typed.trim();
        if (id !== '') onSubmit(id);
      }}
    >
      <label htmlFor={field}>{label}</label>
      <div className="field">
        <input
          id={field}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          required
        />
        <button className={className}>{button}</button>
      </div>
    </form>
  );
}
