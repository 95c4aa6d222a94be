import { describe, expect, it } from 'vitest';
import { findView, type ServiceView, views } from './views.ts';

const [mandates] = views as [ServiceView];
const renameView = (name: string): ServiceView => ({ ...mandates, projection: { ...mandates.projection, name } });

describe('the view of a command', () => {
  it('is the only view where no name is given', () => expect(findView([mandates], undefined)).toBe(mandates));

  it('is the view of the given name', () =>
    expect(findView([mandates, renameView('x')], 'x').projection.name).toBe('x'));

  it('must be named where there are several', () =>
    expect(() => findView([mandates, renameView('x')], undefined)).toThrow(
      'Which view? --view NAME with one of: mandates, x.',
    ));

  it('must exist', () =>
    expect(() => findView([mandates, renameView('x')], 'y')).toThrow(
      'There is no view y. --view NAME with one of: mandates, x.',
    ));
});
