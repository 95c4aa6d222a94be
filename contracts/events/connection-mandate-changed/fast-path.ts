import type { ReadEvent } from '../../read-event.ts';
import { type ConnectionMandateData, mandateChangedType, mandateLevels } from './schema.ts';

/** Printable ASCII without `"` and `\`, which JSON writes without escapes. */
const text = String.raw`[ !#-\[\]-~]`;
const month = String.raw`(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))`;
const time = String.raw`\d{4}-${month}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`;
/** Sixteen digits can exceed the highest revision, so the full reader checks them. */
const sequence = '[1-9][0-9]{0,14}';

/** The members of an event in the order in which `createMandateChangedEvent` writes them. */
const members = [
  `"specversion":"1\\.0","id":"${text}+","source":"${text}+","type":"${mandateChangedType.replaceAll('.', '\\.')}"`,
  `"subject":"([0-9A-Z-]{1,64})","time":"(${time})","datacontenttype":"application/json"`,
  `"sequence":"(${sequence})"(?:,"traceparent":"(${text}*)")?`,
  `"data":\\{"connectionId":"\\1","connectionMandate":"([${Object.values(mandateLevels).join('')}])"\\}`,
];
const pattern = new RegExp(`^\\{${members.join(',')}\\}$`);

/** An event in this form is shorter, unless its id or source is unusually long. */
const maxBytes = 1_024;

/**
 * Reads an event with exactly the bytes that our CRM writes, in a quarter of the time of the full reader. Returns undefined for any
 * other value, which is then read by the full reader: it accepts more forms, and says what is wrong with the rest.
 */
export const readCommonJson = (value: Buffer): ReadEvent<ConnectionMandateData> | undefined => {
  if (value.length > maxBytes) return undefined;
  // Latin-1 maps each byte to one character, and the pattern has ASCII only, so it never matches another encoding.
  const json = value.toString('latin1');
  const match = pattern.exec(json);
  if (match === null) return undefined;
  const [, connectionId = '', time = '', sequence, traceparent = '', level] = match;
  const data = { connectionId, connectionMandate: level as ConnectionMandateData['connectionMandate'] };
  return {
    data,
    revision: Number(sequence),
    time: copyText(value, json.indexOf(beforeTime) + beforeTime.length, time.length),
    ...(traceparent && {
      traceparent: copyText(value, json.indexOf(beforeTrace) + beforeTrace.length, traceparent.length),
    }),
  };
};

/** No text contains a quote, so each of these occurs only once. */
const beforeTime = '"time":"';
const beforeTrace = '"traceparent":"';

/** A group of a match is a view of the whole text, which then lives as long as the document. */
const copyText = (value: Buffer, begin: number, length: number): string =>
  value.toString('latin1', begin, begin + length);
