import type { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

type Reference = { readonly $ref: string };

export type Channel = {
  /** The name of the topic. */
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings: {
    readonly kafka: { readonly partitions: number; readonly topicConfiguration: Readonly<Record<string, unknown>> };
  };
};

export type Message = {
  /** The event type. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly contentType: string;
  /** The record headers. */
  readonly headers: JsonSchema;
  readonly payload: { readonly schema: JsonSchema };
  readonly examples: readonly { readonly payload: object }[];
  readonly bindings: { readonly kafka: { readonly key: { readonly description: string } } };
};

export type Operation = { readonly action: string; readonly title: string; readonly channel: Reference };

/** An AsyncAPI 3 document of Kafka topics, with the parts that the page of the events shows. */
export type AsyncApiDocument = {
  readonly info: { readonly title: string; readonly description: string };
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
};
