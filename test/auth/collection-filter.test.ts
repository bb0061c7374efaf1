import { expect, test } from '@jest/globals';

import { collectionFilter } from '../../src/auth/collection-filter.ts';

test.each<[unknown, string]>([
  [['team'], 'team'],
  ['team', 'team'],
  ['other team', 'team'],
  [['te*'], 'team'],
  [['team*'], 'team'],
  ['*', 'team'],
  [['*'], 'team'],
  [[1, null, 'team'], 'team'],
])('the claim %j opens %s', (claim, id) => {
  expect(collectionFilter(claim)(id)).toBe(true);
});

test.each<[unknown, string]>([
  [undefined, 'team'],
  [false, 'team'],
  [true, 'team'],
  [null, 'team'],
  [{ team: true }, 'team'],
  [{ 0: 'team', length: 1 }, 'team'],
  [7, '7'],
  [[7], '7'],
  [[['team']], 'team'],
  ['', 'team'],
  [[''], 'team'],
  [['Team'], 'team'],
  [['tea'], 'team'],
  [['team'], 'teams'],
  [['team '], 'team'],
  [['other team'], 'team'],
  ['team,other', 'team'],
  [['t*m'], 'team'],
  [['*m'], 'team'],
  [['t.*'], 'team'],
  [['^team$'], 'team'],
  [['te?m'], 'team'],
  [['team**'], 'team'],
  [['teams*'], 'team'],
])('the claim %j does not open %s', (claim, id) => {
  expect(collectionFilter(claim)(id)).toBe(false);
});
