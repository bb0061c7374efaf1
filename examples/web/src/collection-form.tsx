import { useEffect, useState } from 'react';

const examples = ['example-team', 'example-empty', 'example-hundred', 'example-campus'];

const failures = [
  'throws-AccessDeniedException',
  'throws-ResourceNotFoundException',
  'throws-InvalidPaginationTokenException',
  'throws-ThrottlingException',
  'throws-InternalServerError',
  'throws-InternalServerError-on-page-2',
  'throws-ExpiredTokenException',
  'throws-Timeout',
  'not a collection id',
];

interface Props {
  readonly collectionId: string;
  readonly onChoose: (collectionId: string) => void;
}

/** Chooses a collection: any by its id, the examples and the ones that fail on purpose by a click. */
export function CollectionForm({ collectionId, onChoose }: Props) {
  const [typed, setTyped] = useState(collectionId);
  useEffect(() => setTyped(collectionId), [collectionId]);
  return (
    <search>
      <form
        className="choose"
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(typed.trim());
        }}
      >
        <label htmlFor="collection">Collection</label>
        <div className="field">
          <input
            id="collection"
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            required
          />
          <button className="primary">Show</button>
        </div>
        <div className="examples">
          {examples.map((id) => (
            <button type="button" key={id} aria-pressed={id === collectionId} onClick={() => onChoose(id)}>
              {id}
            </button>
          ))}
          <select aria-label="Fail on purpose" value="" onChange={({ target }) => onChoose(target.value)}>
            <option value="" disabled>
              Fail on purpose…
            </option>
            {failures.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </div>
      </form>
    </search>
  );
}
