import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { eventually } from './eventually.ts';

export type CollectedSpan = {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
};
type Request = { readonly path: string; readonly headers: Readonly<Record<string, unknown>> };

/** A collector on a free port that takes OTLP in protobuf and Zipkin's JSON; `status` is its answer. */
export const startSpanCollector = async (status: number | 'no answer' = 200) => {
  const spans: CollectedSpan[] = [];
  const requests: Request[] = [];
  const receive = async (req: IncomingMessage, res: ServerResponse) => {
    const body = await buffer(req);
    requests.push({ path: String(req.url), headers: req.headers });
    if (status === 'no answer') return;
    if (status === 200)
      spans.push(...(req.headers['content-type'] === 'application/json' ? decodeZipkin(body) : decodeOtlp(body)));
    res.writeHead(status).end();
  };
  const server: Server = createServer((req, res) => void receive(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans,
    /** Waits until a span is there, of a certain trace or of any. */
    waitForSpan: (service: string, name: string, traceId?: string) =>
      eventually(() => {
        const found = spans.find(
          (span) => span.service === service && span.name === name && span.traceId === (traceId ?? span.traceId),
        );
        if (!found) throw new Error(`no span ${name} of ${service} among ${JSON.stringify(spans)}`);
        return found;
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

type ZipkinSpan = {
  localEndpoint: { serviceName: string };
  name: string;
  traceId: string;
  id: string;
  parentId?: string;
};

const decodeZipkin = (body: Buffer): CollectedSpan[] =>
  (JSON.parse(body.toString()) as ZipkinSpan[]).map(({ localEndpoint, name, traceId, id, parentId = '' }) => ({
    service: localEndpoint.serviceName,
    name,
    traceId,
    spanId: id,
    parentId,
  }));

/** Decodes opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest. */
const decodeOtlp = (body: Buffer): CollectedSpan[] =>
  readFields(body, 1).flatMap((resourceSpans) => {
    const attributes = readFields(resourceSpans, 1).flatMap((resource) => readFields(resource, 1));
    const name = attributes.find((attribute) => textOf(attribute, 1) === 'service.name');
    const service = name ? readFields(name, 2).map((value) => textOf(value, 1))[0] : undefined;
    const spans = readFields(resourceSpans, 2).flatMap((scopeSpans) => readFields(scopeSpans, 2));
    return spans.map((span) => ({
      service: String(service),
      name: textOf(span, 5),
      traceId: hexOf(span, 1),
      spanId: hexOf(span, 2),
      parentId: hexOf(span, 4),
    }));
  });

const textOf = (message: Buffer, field: number) => readFields(message, field)[0]?.toString() ?? '';
const hexOf = (message: Buffer, field: number) => readFields(message, field)[0]?.toString('hex') ?? '';

/** The values of a length-delimited field of a protobuf message. */
const readFields = (message: Buffer, field: number): Buffer[] => {
  const values: Buffer[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else {
      const length = varint();
      if (tag >> 3 === field) values.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return values;
};
