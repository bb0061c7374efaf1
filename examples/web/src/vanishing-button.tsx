import type { ComponentProps } from 'react';

interface Props extends Omit<ComponentProps<'button'>, 'onClick'> {
  readonly onClick: () => void;
}

/** A button that goes when it is clicked. The keyboard goes on where it was, not at the top of the page again. */
export function VanishingButton({ onClick, ...props }: Props) {
  return (
    <button
      {...props}
      onClick={({ currentTarget }) => {
        currentTarget.closest<HTMLElement>('[tabindex]')?.focus();
        onClick();
      }}
    />
  );
}
