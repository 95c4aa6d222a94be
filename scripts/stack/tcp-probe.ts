import { connect } from 'node:net';

/** Sends a request to a port of this machine. @returns the reply once it is complete; undefined when none comes within 2 s */
export const probeTcp = (
  port: number,
  request: string | undefined,
  isComplete: (reply: string) => boolean,
): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const end = (reply?: string) => {
      socket.destroy();
      resolve(reply);
    };
    let reply = '';
    socket.setEncoding('latin1');
    socket.once('connect', () => request && socket.write(request));
    socket.on('data', (text: string) => {
      reply += text;
      if (isComplete(reply)) end(reply);
    });
    socket.once('timeout', () => end());
    socket.once('error', () => end());
    socket.once('close', () => end());
  });

/** Whether any process listens on this port of this machine. */
export const isPortTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(true));
    socket.once('error', () => end(false));
  });
