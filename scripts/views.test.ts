import { describe, expect, it } from 'vitest';
import { findView, listNames, type ServiceView, views } from './views.ts';

const [mandates] = views as [ServiceView];
const renameView = (name: string): ServiceView => ({ ...mandates, projection: { ...mandates.projection, name } });

describe('the view of a command', () => {
  it('is the mandates view where no name is given', () =>
    expect(findView(views, undefined).projection.name).toBe('mandates'));

  it('is the view of the given name, of any service', () => {
    expect(findView([mandates, renameView('x')], 'x').projection.name).toBe('x');
    expect(findView(views, 'greetings').service.name).toBe('customer-view');
  });

  it('must exist', () =>
    expect(() => findView([mandates, renameView('x')], 'y')).toThrow(
      'There is no view y. --view NAME with one of: mandates, x.',
    ));

  it('is in the help, which names the default', () =>
    expect(listNames(views)).toMatch(/^mandates \(the default\), \w+, .*greetings$/));
});
