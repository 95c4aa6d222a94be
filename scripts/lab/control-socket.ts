import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createFolder } from '../../packages/runtime/create-folder.ts';
import type { ConsumerId } from '../components.ts';
import type { Overrides } from './settings.ts';

export type LabRequest =
  | { readonly command: 'status' }
  | { readonly command: 'environment'; readonly service: ConsumerId }
  | { readonly command: 'stop'; readonly member: string }
  | { readonly command: 'start'; readonly member: string; readonly overrides: Overrides };

/** `text` is printed, `environment` is for the commands that work on the running lab. */
export type LabReply =
  | { readonly text: string; readonly environment?: Readonly<Record<string, string>> }
  | { readonly error: string };

export class LabNotRunning extends Error {
  override name = 'LabNotRunning';
}

/**
 * Serves requests from other terminals of this user on a Unix socket: one JSON line each way per connection.
 * @throws Error when another lab answers on the socket already
 */
export const serveLab = async (path: string, handle: (request: LabRequest) => Promise<LabReply>): Promise<Server> => {
  createFolder(dirname(path));
  if (await isServed(path)) throw new Error(`A lab runs already: it answers on ${path}. Stop that lab first.`);
  // A lab that was killed leaves its socket behind.
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {}); // the other terminal has closed the connection
    void readLine(socket).then(async (line) => {
      const reply = await Promise.resolve()
        .then(() => handle(JSON.parse(line)))
        .catch((error: Error) => ({ error: error.message }));
      socket.end(`${JSON.stringify(reply)}\n`);
    });
  });
  // The umask gives the socket mode 0600 when it is created: requests start processes, so no other user may connect.
  const umask = process.umask(0o177);
  try {
    server.listen(path);
    await once(server, 'listening');
  } finally {
    process.umask(umask);
  }
  return server;
};

/** Sends a request to the running lab. @throws LabNotRunning; Error with the lab's message when it refuses the request */
export const requestLab = async (path: string, request: LabRequest): Promise<Exclude<LabReply, { error: string }>> => {
  const socket = await open(path);
  socket.write(`${JSON.stringify(request)}\n`);
  const line = await readLine(socket).finally(() => socket.destroy());
  if (line === '') throw new Error('The lab ended before it answered: its terminal says why.');
  const reply = JSON.parse(line) as LabReply;
  if ('error' in reply) throw new Error(reply.error);
  return reply;
};

const open = async (path: string): Promise<Socket> => {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED')
      throw new LabNotRunning(`No lab runs: nothing answers on ${path}.`);
    throw error;
  }
};

const isServed = (path: string): Promise<boolean> =>
  open(path).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );

/** Reads up to the first line feed. @returns an empty text when the connection ends before it */
const readLine = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    socket.once('close', () => resolve(''));
  });
