import { describe, expect, it } from 'vitest';
import { crmSource } from '../../iot-platform/mandates/crm-source.ts';
import { views } from '../views.ts';
import { rebuildHelp } from './help.ts';
import { nameOfView, readCommand as read } from './options.ts';

const readCommand = (args: string[]) => read(args, crmSource);

describe('the options of npm run rebuild', () => {
  it('ask for a rebuild beside the live view, compared with the CRM, where nothing is said', () =>
    expect(readCommand([])).toMatchObject({ action: 'rebuild', inPlace: false, sourceUrl: 'http://localhost:3005' }));

  it('may say the default aloud', () => expect(readCommand(['--beside'])).toEqual(readCommand([])));

  it('may name another way', () => {
    expect(readCommand(['--in-place', '--without-crm'])).toMatchObject({
      action: 'rebuild',
      inPlace: true,
      sourceUrl: undefined,
    });
    expect(readCommand(['--retire', '--dapr-http-port', '3908'])).toMatchObject({
      action: 'retire',
      daprHttpPort: 3908,
    });
  });

  it('may begin with the mandates of the CRM', () => {
    expect(readCommand([])).toMatchObject({ fromSource: false });
    expect(readCommand(['--from-crm', '--into', 'durable-statestore'])).toMatchObject({
      action: 'rebuild',
      fromSource: true,
      into: 'durable-statestore',
      sourceUrl: 'http://localhost:3005',
    });
  });

  it.each([
    [['--crm', 'here'], '--crm here is no URL'],
    [['--in-place', '--retire'], 'One at a time: --in-place or --retire'],
    [['--in-place', '--into', 'elsewhere'], '--into is beside the live view: without --in-place'],
    [['--dapr-http-port', 'x'], '--dapr-http-port x is no port'],
    [['--dapr-http-port', '1', '--embedded'], 'Either --dapr-http-port or --embedded'],
    [['--retire', '--dry-run'], '--retire has nothing to show'],
    [['--switch-back', '--dry-run'], '--switch-back has nothing to show'],
    [['--from-crm', '--without-crm'], '--from-crm needs the CRM'],
    [['--from-crm', '--retire'], '--from-crm is a rebuild; --retire is none'],
    [['--into', ''], "--into '' is no name of a state store"],
    [['--into', 'no/such'], '--into no/such is no name of a state store'],
    [['--fast'], "Unknown option '--fast'"],
  ])('that contradict each other are refused: %j', (args, said) => expect(() => readCommand(args)).toThrow(said));

  it('are all in the help', () => {
    for (const name of Object.keys({
      'in-place': 0,
      into: 0,
      'dry-run': 0,
      'accept-differences': 0,
      embedded: 0,
      'from-crm': 0,
    }))
      expect(rebuildHelp(views)).toContain(`--${name}`);
  });

  it('name the source of the view where the variable names it', () => {
    expect(read([], crmSource, { CRM_URL: 'http://crm:1' })).toMatchObject({ sourceUrl: 'http://crm:1' });
    expect(read(['--crm', 'http://crm:2'], crmSource, { CRM_URL: 'http://crm:1' }).sourceUrl).toBe('http://crm:2');
  });

  it('of a source there are only where the view has one', () => {
    expect(read([], undefined)).toMatchObject({ sourceUrl: undefined, fromSource: false });
    expect(() => read(['--from-crm'], undefined)).toThrow("Unknown option '--from-crm'");
  });

  it('may name a view among others', () => {
    expect(nameOfView(['--crm', 'http://crm:2', '--view', 'mandates', '--retire'])).toBe('mandates');
    expect(nameOfView(['--retire'])).toBeUndefined();
  });
});
