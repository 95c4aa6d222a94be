import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { dataFolder, root } from './platform-process.ts';

type Command = { line: string; prints: string };

/** The commands after `$` in a document's console blocks, with the documented output: `…` matches any text. */
export const commandsOf = (document: string): Command[] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
    String(block)
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [line = '', ...prints] = text.split('\n');
        return { line, prints: prints.join('\n').trimEnd() };
      }),
  );

const pattern = (text: string) => new RegExp(`^${text.split('…').map(literally).join('[^]*?')}\\n?$`);
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Runs `npm start` on free ports and fresh data. Commands and outputs are translated to the documented ports. */
export const startDocumented = async () => {
  const ports = { APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0' };
  const env = { ...process.env, DATA_DIR: dataFolder(), ...ports, OPERATOR_TOKEN: '' };
  const platform = spawn('npm', ['start'], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  platform.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await eventually(() => expect(output).toContain('Ctrl-C stops'));
  const address = (name: string) => String(new RegExp(`${name} +http://(localhost:\\d+)`).exec(output)?.[1]);
  const [crm, iotPlatform, customerView] = [address('CRM'), address('IoT platform'), address('customer-view')];
  const addresses = [
    [crm, 'localhost:3005'],
    [iotPlatform, 'localhost:3008'],
    [customerView, 'localhost:3010'],
  ] as const;
  const token = String(/Operator token +(\S+)/.exec(output)?.[1]);
  const asDocumented = (text: string) =>
    addresses.reduce((shown, [here, documented]) => shown.replaceAll(here, documented), text).replaceAll('\r', '');
  const asHere = (text: string) =>
    addresses.reduce((line, [here, documented]) => line.replaceAll(documented, here), text);
  const commandEnv = { ...process.env, DATA_DIR: env.DATA_DIR, OPERATOR_TOKEN: token };
  return {
    /** Runs one command and compares its output with the document. `npm start` runs already. */
    check: async ({ line, prints }: Command) => {
      if (line === 'npm start') return expect(asDocumented(output).replace(token, '…')).toContain(prints);
      const { stdout } = await promisify(execFile)('bash', ['-c', asHere(line)], { cwd: root, env: commandEnv });
      expect(asDocumented(stdout)).toMatch(pattern(prints));
    },
    close: async () => {
      process.kill(-(platform.pid as number), 'SIGINT');
      await once(platform, 'close');
    },
  };
};
