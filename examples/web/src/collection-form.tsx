import { wordsFor } from './error-words.ts';
import { IdForm } from './id-form.tsx';
import { useCollections } from './use-collections.ts';
import { VanishingButton } from './vanishing-button.tsx';

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

/** Chooses a collection: one of the list, any by its id, and the ones that fail on purpose by a click. */
export function CollectionForm({ collectionId, onChoose }: Props) {
  const { data: collections = [], error, isPending, refetch } = useCollections();
  const isListed = collections.some((one) => one.collectionId === collectionId);
  return (
    <search className="choose" tabIndex={-1}>
      <IdForm label="Collection" button="Show" className="primary" value={collectionId} onSubmit={onChoose} />
      <div className="pickers">
        <select
          aria-label="Collections"
          value={isListed ? collectionId : ''}
          disabled={collections.length === 0}
          onChange={({ target }) => onChoose(target.value)}
        >
          <option value="" disabled>
            {isPending ? 'Reading the collections…' : 'Choose one…'}
          </option>
          {collections.map((one) => (
            <option key={one.collectionId}>{one.collectionId}</option>
          ))}
        </select>
        <select aria-label="Fail on purpose" value="" onChange={({ target }) => onChoose(target.value)}>
          <option value="" disabled>
            Fail on purpose…
          </option>
          {failures.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </div>
      {error && (
        <p className="note" role="status">
          The collections can’t be listed: {wordsFor(error).title.toLowerCase()}. Type an id, or{' '}
          <VanishingButton className="link" onClick={() => void refetch()}>
            try again
          </VanishingButton>
          .
        </p>
      )}
    </search>
  );
}
