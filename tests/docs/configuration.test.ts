import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crmSettings } from '../../crm/config.ts';
import { customerViewSettings } from '../../customer-view/config.ts';
import { iotPlatformSettings } from '../../iot-platform/config.ts';
import { files, readDocument, tableUnder } from './documents.ts';

const page = 'docs/configuration.md';

/** Formats a default as in the documents; undefined if there is none. */
const formatDefault = (value: unknown): string | undefined =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : String(value);
const services = { CRM: crmSettings, 'IoT platform': iotPlatformSettings, 'customer-view': customerViewSettings };
const [crm, iotPlatform, customerView] = Object.values(services).map(
  (settings): Record<string, unknown> => settings.parse({}),
);
const variables = [...new Set(Object.values(services).flatMap((settings) => Object.keys(settings.shape)))];
/** The default of a variable in each service that has one. */
const defaultsOf = (variable: string): readonly (readonly [service: string, value: string])[] =>
  Object.entries(services).flatMap(([service, settings]) => {
    const value = formatDefault((settings.parse({}) as Record<string, unknown>)[variable]);
    return value === undefined ? [] : [[service, value] as const];
  });
/** The default, or the defaults of the services where they differ. */
const describeDefaults = (variable: string): string => {
  const defaults = defaultsOf(variable);
  const values = [...new Set(defaults.map(([, value]) => value))];
  if (values.length <= 1) return values.map((value) => `\`${value}\``).join('');
  return defaults.map(([service, value]) => `${service}: \`${value}\``).join('; ');
};
const inBackticks = (text: string | undefined) => /^`([A-Z_]+)`$/.exec(text ?? '')?.[1];

describe('the table of variables', () => {
  const rows = tableUnder(page, 'Variables');

  it('has every variable of the services, and no other', () => {
    expect(rows.map(([name]) => inBackticks(name)).sort()).toEqual(variables.sort());
  });

  it.each(variables)('shows the default of %s', (variable) => {
    const shown = rows.find(([name]) => name === `\`${variable}\``)?.[1];
    // `npm start` has a default of its own, after a semicolon.
    expect(shown?.replace(/; `npm start`: .*/, '')).toBe(describeDefaults(variable));
  });
});

describe('.env.example', () => {
  const lines = [...readDocument('.env.example').matchAll(/^(# )?([A-Z_]+)=(.*)$/gm)];

  it('has every variable of the services once, and no other', () => {
    expect(lines.map(([, , name]) => name).sort()).toEqual(variables.sort());
  });

  it.each(
    lines.map(([, comment, name, value]) => [String(name), String(value), comment === undefined] as const),
  )('shows %s=%s', (name, value, isSet) => {
    const defaults = defaultsOf(name).map(([, value]) => value);
    // A variable without a default is commented out, with an example or without.
    if (defaults.length === 0) expect(isSet).toBe(false);
    else expect(defaults).toContain(value);
  });
});

describe('the table of variables of commands', () => {
  const documented = tableUnder(page, 'Variables of commands').map(([name]) => inBackticks(name));
  /** Set by a test or the shell for its own processes; users do not set them. */
  const internal = ['PATH', 'SOURCE_PATCHES', 'TMPDIR', 'TORTURE_SEED'];
  const sources = files.filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.startsWith('tests/docs/'));
  const read = new Set(
    sources.flatMap((file) =>
      [...readDocument(file).matchAll(/\benv\??\.([A-Z][A-Z_]+)|urlVariable: '([A-Z_]+)'/g)].map(([, a, b]) => a ?? b),
    ),
  );

  it('has every variable that a command reads, and no other', () => {
    const ofCommands = [...read].filter(
      (name) => !variables.includes(String(name)) && !internal.includes(String(name)),
    );
    expect(documented.sort()).toEqual(ofCommands.sort());
  });
});

describe('the table of ports', () => {
  const rows = tableUnder(page, 'Ports').map(([port, what]) => [port, what]);
  const stack = [...readDocument('scripts/stack/settings.ts').matchAll(/readPort\(env, '\w+', (\d+)\)/g)];
  const { apps } = parse(readDocument('dapr.yaml'));

  it('has every port of the services, their sidecars and the stack', () => {
    const expected = [
      crm?.APP_PORT,
      iotPlatform?.APP_REST_PORT,
      iotPlatform?.APP_PORT,
      customerView?.CUSTOMER_VIEW_PORT,
      customerView?.APP_PORT,
      ...apps.map((app: { daprHTTPPort: number }) => app.daprHTTPPort),
      ...stack.map(([, port]) => port),
    ];
    expect(rows.map(([port]) => port)).toEqual(expected.map(String));
  });
});
