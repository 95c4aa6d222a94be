/** The schemas of a registry by the API of Confluent, which Apicurio has under /apis/ccompat/v7. */
export type Registry = {
  /** Whether a registry answers. */
  isReachable(): Promise<boolean>;
  /** The latest version of the subject; undefined if there is none. */
  readLatest(subject: string): Promise<{ kind: 'AVRO' | 'JSON'; schema: unknown } | undefined>;
  /** Has the registry refuse schemas that are incompatible with an earlier version, in either direction. */
  requireCompatibility(subject: string): Promise<void>;
  /** Adds the schema unless the subject has it. @returns its id, which Avro records contain */
  register(subject: string, kind: 'AVRO' | 'JSON', schema: unknown): Promise<number>;
};

const timeoutMs = 5_000;
const mediaType = 'application/vnd.schemaregistry.v1+json';

/** @param url such as http://localhost:8081/apis/ccompat/v7. Every method throws Error with the answer of the registry. */
export const createRegistry = (url: string): Registry => {
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { Accept: mediaType, ...(init.body !== undefined && { 'Content-Type': mediaType }) };
    return fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) }).catch(
      (error: Error) => {
        const { message } = (error.cause ?? error) as Error;
        throw new Error(
          `The schema registry at ${url} does not answer: ${message}. Start it: npm run stack -- up schema-registry`,
        );
      },
    );
  };
  const readAnswer = async <T>(what: string, answer: Response): Promise<T> => {
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(`The schema registry at ${url} refused ${what} with ${answer.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  };
  const pathOf = (subject: string) => encodeURIComponent(subject);

  return {
    isReachable: () =>
      call('/subjects').then(
        ({ ok }) => ok,
        () => false,
      ),
    readLatest: async (subject) => {
      const answer = await call(`/subjects/${pathOf(subject)}/versions/latest`);
      if (answer.status === 404) return undefined;
      const latest = await readAnswer<{ schema: string; schemaType?: 'JSON' }>(`to read ${subject}`, answer);
      return { kind: latest.schemaType ?? 'AVRO', schema: JSON.parse(latest.schema) };
    },
    requireCompatibility: async (subject) => {
      const body = JSON.stringify({ compatibility: 'FULL_TRANSITIVE' });
      await readAnswer(
        `the compatibility of ${subject}`,
        await call(`/config/${pathOf(subject)}`, { method: 'PUT', body }),
      );
    },
    register: async (subject, kind, schema) => {
      const body = JSON.stringify({ schema: JSON.stringify(schema), schemaType: kind });
      const answer = await call(`/subjects/${pathOf(subject)}/versions`, { method: 'POST', body });
      return (await readAnswer<{ id: number }>(`the schema of ${subject}`, answer)).id;
    },
  };
};
