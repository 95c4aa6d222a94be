import { describe, expect, it } from 'vitest';
import { findView, type ServiceView, views } from './views.ts';

const [mandates] = views as [ServiceView];
const named = (name: string): ServiceView => ({ ...mandates, projection: { ...mandates.projection, name } });

describe('the view that a command works on', () => {
  it('is the only one where none is named', () => expect(findView([mandates], undefined)).toBe(mandates));

  it('is the one that is named', () => expect(findView([mandates, named('x')], 'x').projection.name).toBe('x'));

  it('has to be named among several', () =>
    expect(() => findView([mandates, named('x')], undefined)).toThrow(
      'Which view? --view NAME with one of: mandates, x.',
    ));

  it('has to be one that there is', () =>
    expect(() => findView([mandates, named('x')], 'y')).toThrow(
      'There is no view y. --view NAME with one of: mandates, x.',
    ));
});
