import { expect, it } from 'vitest';
import { describeCommit } from './checkout.ts';

it('names a commit by its short id and its day', async () =>
  expect(await describeCommit('HEAD')).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{7,}$/),
    day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  }));

it.each(['no-such-commit', '--help', '--output=.data/written'])('refuses %s', async (commit) =>
  expect(describeCommit(commit)).rejects.toThrow(`--compare ${commit}: this repository has no such commit.`));
