/** The schemas of a registry by the API of Confluent, which Apicurio has under /apis/ccompat/v7. */
export type Registry = {
  /** Whether a registry answers. */
  isReachable(): Promise<boolean>;
  /** The latest version of the subject; undefined if there is none. */
  readLatest(subject: string): Promise<RegisteredSchema | undefined>;
  /** Has the registry refuse schemas that are incompatible with an earlier version, in either direction. */
  requireCompatibility(subject: string): Promise<void>;
  /** Adds the schema unless the subject has it. @returns its id, which Avro records contain */
  register(subject: string, kind: 'AVRO' | 'JSON', schema: unknown): Promise<number>;
  /** The id of this Avro schema; undefined if the subject does not have it. */
  findId(subject: string, schema: unknown): Promise<number | undefined>;
  /** The schema with this id; undefined if the registry says that it has none. */
  readById(id: number): Promise<RegisteredSchema | undefined>;
};

type RegisteredSchema = { readonly kind: string; readonly schema: unknown };

const timeoutMs = 5_000;
/** Error codes of Confluent's API. A 404 without them is not from a registry, for example because the path in the URL is wrong. */
const notFoundCodes = [40401, 40403];
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
  /** Like `readAnswer`; undefined where the registry says that it has no such subject or schema. */
  const readFound = async <T>(what: string, answer: Response): Promise<T | undefined> => {
    const { error_code: code } = (await answer
      .clone()
      .json()
      .catch(() => ({}))) as { error_code?: number };
    return answer.status === 404 && notFoundCodes.includes(Number(code)) ? undefined : readAnswer<T>(what, answer);
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
      return toSchema(await readFound(`to read ${subject}`, answer));
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
    findId: async (subject, schema) => {
      const body = JSON.stringify({ schema: JSON.stringify(schema) });
      const answer = await call(`/subjects/${pathOf(subject)}`, { method: 'POST', body });
      return (await readFound<{ id: number }>(`to look up the schema of ${subject}`, answer))?.id;
    },
    readById: async (id) => toSchema(await readFound(`to read schema ${id}`, await call(`/schemas/ids/${id}`))),
  };
};

/** Without a schemaType it is Avro. A schema of another type need not be JSON. */
const toSchema = (
  found: { readonly schema: string; readonly schemaType?: string } | undefined,
): RegisteredSchema | undefined => {
  if (!found) return undefined;
  const { schema, schemaType: kind = 'AVRO' } = found;
  return { kind, schema: kind === 'PROTOBUF' ? schema : JSON.parse(schema) };
};
