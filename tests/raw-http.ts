import { connect } from 'node:net';

export type RawAnswer = { status: number; headers: Record<string, string>; body: string };

/** Sends bytes unchanged, for requests that no HTTP client sends, and reads until the server closes the connection. */
export const sendRaw = (port: number, request: string): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    socket.on('error', reject).on('end', () => {
      socket.end();
      resolve(parseAnswer(answer));
    });
    socket.write(request, 'latin1');
  });

const parseAnswer = (answer: string): RawAnswer => {
  const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/s);
  const [status = '', ...lines] = head.split('\r\n');
  const headers = lines
    .map((line) => line.split(/: *(.*)/s))
    .map(([name = '', value = '']) => [name.toLowerCase(), value]);
  return { status: Number(status.split(' ')[1]), headers: Object.fromEntries(headers), body };
};
