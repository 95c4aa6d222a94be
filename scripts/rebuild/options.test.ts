import { describe, expect, it } from 'vitest';
import { crmSource } from '../../iot-platform/mandates/crm-source.ts';
import { views } from '../views.ts';
import { formatRebuildHelp } from './help.ts';
import { readCommand as read, readViewName } from './options.ts';

/** A data folder in which no service is recorded. */
const env = { DATA_DIR: 'data' };
const readCommand = (args: string[]) => read(args, crmSource, env);

describe('the options of npm run rebuild', () => {
  it('mean by default a rebuild next to the live view that is compared with the CRM', () =>
    expect(readCommand([])).toMatchObject({ action: 'rebuild', inPlace: false, sourceUrl: 'http://localhost:3005' }));

  it('accept --beside, the default', () => expect(readCommand(['--beside'])).toEqual(readCommand([])));

  it('accept another mode or action', () => {
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

  it('accept the CRM as the start of the rebuild', () => {
    expect(readCommand([])).toMatchObject({ fromSource: false });
    expect(readCommand(['--from-crm', '--into', 'durable-statestore'])).toMatchObject({
      action: 'rebuild',
      fromSource: true,
      into: 'durable-statestore',
      sourceUrl: 'http://localhost:3005',
    });
  });

  it.each([
    [['--crm', 'here'], '--crm here is not a URL'],
    [['--in-place', '--retire'], 'These options exclude each other: --in-place, --retire'],
    [['--in-place', '--into', 'elsewhere'], '--into cannot be combined with --in-place'],
    [['--dapr-http-port', 'x'], '--dapr-http-port x is not a port'],
    [['--dapr-http-port', '1', '--embedded'], '--dapr-http-port cannot be combined with --embedded'],
    [['--retire', '--dry-run'], '--dry-run shows the plan of a rebuild and cannot be combined with --retire'],
    [['--switch-back', '--dry-run'], 'cannot be combined with --switch-back'],
    [['--from-crm', '--without-crm'], '--from-crm needs the CRM and cannot be combined with --without-crm'],
    [['--from-crm', '--retire'], '--from-crm cannot be combined with --retire'],
    [['--into', ''], "--into '' is not the name of a state store"],
    [['--into', 'no/such'], '--into no/such is not the name of a state store'],
    [['--fast'], 'There is no option --fast: npm run rebuild -- --help'],
  ])('are refused where they contradict each other: %j', (args, message) =>
    expect(() => readCommand(args)).toThrow(message));

  it('are all in the help', () => {
    for (const name of ['in-place', 'into', 'dry-run', 'accept-differences', 'embedded', 'from-crm'])
      expect(formatRebuildHelp(views)).toContain(`--${name}`);
  });

  it('are read without looking for the source, before a lab has supplied its URL', () =>
    expect(read([], crmSource)).toMatchObject({ action: 'rebuild', sourceUrl: undefined }));

  it('take the URL of the source from --crm, else from CRM_URL', () => {
    expect(read([], crmSource, { CRM_URL: 'http://crm:1' })).toMatchObject({ sourceUrl: 'http://crm:1' });
    expect(read(['--crm', 'http://crm:2'], crmSource, { CRM_URL: 'http://crm:1' }).sourceUrl).toBe('http://crm:2');
  });

  it('for a source exist only where the view has a source', () => {
    expect(read([], undefined, env)).toMatchObject({ sourceUrl: undefined, fromSource: false });
    expect(() => read(['--from-crm'], undefined, env)).toThrow('There is no option --from-crm');
  });

  it('name the view', () => {
    expect(readViewName(['--crm', 'http://crm:2', '--view', 'mandates', '--retire'])).toBe('mandates');
    expect(readViewName(['--retire'])).toBeUndefined();
  });
});
