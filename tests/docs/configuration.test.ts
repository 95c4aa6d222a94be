import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crmSettings } from '../../crm/config.ts';
import { iotPlatformSettings } from '../../iot-platform/config.ts';
import { files, readDocument, tableUnder } from './documents.ts';

const page = 'docs/configuration.md';

/** Formats a default as in the documents; undefined if there is none. */
const formatDefault = (value: unknown): string | undefined =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : String(value);
const [crm, iotPlatform] = [crmSettings.parse({}), iotPlatformSettings.parse({})] as Record<string, unknown>[];
const variables = [...new Set([...Object.keys(crmSettings.shape), ...Object.keys(iotPlatformSettings.shape)])];
/** The defaults of a variable: of the CRM, of the IoT platform, without repetition. */
const defaultsOf = (variable: string): readonly string[] => [
  ...new Set([crm?.[variable], iotPlatform?.[variable]].map(formatDefault).filter((value) => value !== undefined)),
];
const inBackticks = (text: string | undefined) => /^`([A-Z_]+)`$/.exec(text ?? '')?.[1];

describe('the table of variables', () => {
  const rows = tableUnder(page, 'Variables');

  it('has every variable of the services, and no other', () => {
    expect(rows.map(([name]) => inBackticks(name)).sort()).toEqual(variables.sort());
  });

  it.each(variables)('shows the default of %s', (variable) => {
    const shown = rows.find(([name]) => name === `\`${variable}\``)?.[1];
    const [one, other] = defaultsOf(variable);
    const expected =
      other === undefined ? (one === undefined ? '' : `\`${one}\``) : `CRM: \`${one}\`; IoT platform: \`${other}\``;
    // `npm start` has a default of its own, after a semicolon.
    expect(shown?.replace(/; `npm start`: .*/, '')).toBe(expected);
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
    const defaults = defaultsOf(name);
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
      ...apps.map((app: { daprHTTPPort: number }) => app.daprHTTPPort),
      ...stack.map(([, port]) => port),
    ];
    expect(rows.map(([port]) => port)).toEqual(expected.map(String));
  });
});
