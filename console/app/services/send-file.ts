import { Problem, readProblem, Unreachable } from './problem.ts';

type Progress = (sentBytes: number) => void;

/**
 * Sends a file to the CRM. `fetch` does not say how much it has sent, so this is an XMLHttpRequest, which also sends the file as a stream.
 * @throws Problem if the CRM refuses; Unreachable if it does not answer
 */
export const sendFile = <Body>(path: string, file: File, mediaType: string, onProgress: Progress): Promise<Body> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onerror = () => reject(new Unreachable('CRM', location.origin));
    request.onload = () => {
      const { status, responseText } = request;
      const response = new Response(responseText, { status, headers: { 'Content-Type': 'application/json' } });
      if (response.ok) resolve(JSON.parse(responseText) as Body);
      else void readProblem(response).then((problem) => reject(new Problem(status, problem, response.headers)));
    };
    request.open('POST', path);
    request.setRequestHeader('Content-Type', mediaType);
    request.send(file);
  });
