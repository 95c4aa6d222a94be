import { connect } from 'node:net';

/** Says something on a port of this machine and returns the answer once it is complete; undefined when none comes. */
export const converse = (
  port: number,
  question: string | undefined,
  isComplete: (answer: string) => boolean,
): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const end = (answer?: string) => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.setEncoding('latin1');
    socket.once('connect', () => question && socket.write(question));
    socket.on('data', (text: string) => {
      answer += text;
      if (isComplete(answer)) end(answer);
    });
    socket.once('timeout', () => end());
    socket.once('error', () => end());
    socket.once('close', () => end());
  });

/** Whether anything at all listens there. */
export const isTaken = (port: number): Promise<boolean> =>
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
