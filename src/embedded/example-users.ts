import type { SeedUser, UserStatus } from './store.ts';

const firstNames = (
  'jane john maria wei fatima ahmed olga lars aiko mateo priya samuel chloe david nadia oscar ingrid kofi lucia ' +
  'pavel amara hugo leila tomas'
).split(' ');
const lastNames = (
  'doe smith garcia chen hassan khan ivanova larsen tanaka silva patel okafor martin cohen petrova lind berg mensah ' +
  'rossi novak diallo moreau haddad kovac nguyen kim'
).split(' ');

/** `count` users with names such as companies give, all different, the same ones every time. */
export function exampleUsers(count: number): SeedUser[] {
  return Array.from({ length: count }, (_, index) => ({ id: userId(index), status: status(index) }));
}

function userId(index: number): string {
  if (index % 3 === 1) return `employee:${10_000 + index}`;
  if (index % 3 === 2) return `badge-${100_000 + index}`;
  const person = index / 3;
  const name = `${pick(firstNames, person)}.${pick(lastNames, person / firstNames.length)}`;
  const namesakes = Math.floor(person / (firstNames.length * lastNames.length));
  return namesakes === 0 ? name : `${name}.${namesakes + 1}`;
}

function pick(names: readonly string[], index: number): string {
  return names[Math.floor(index) % names.length] ?? '';
}

function status(index: number): UserStatus {
  if (index % 41 === 40) return 'UPDATING';
  return index % 17 === 16 ? 'CREATED' : 'ACTIVE';
}
