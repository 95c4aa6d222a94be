import type { Topic } from '../projections/event-bus.ts';

/**
 * A hundred years in ms. Kafka removes a tombstone after this time, and a view that has missed it would keep what the tombstone
 * removes: it sees offsets without records, which is normal in a compacted topic. A tombstone has only a key, so keeping it costs
 * little. The largest value that Kafka accepts would overflow and remove tombstones at once.
 */
const tombstoneRetentionMs = 100 * 365 * 24 * 60 * 60 * 1000;

/** The settings of a topic, by name. */
export type TopicSettings = Readonly<Record<string, string>>;

/**
 * The declared settings of a topic. Retention is unlimited, because a view is rebuilt from the whole log. The broker stores batches
 * uncompressed, because the log reader decompresses gzip only and would stop at the first batch of another codec.
 */
export const createTopicSettings = ({ maxMessageBytes, compaction }: Topic): TopicSettings => ({
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': String(maxMessageBytes),
  'compression.type': 'uncompressed',
  'cleanup.policy': compaction ? 'compact' : 'delete',
  ...(compaction && {
    'segment.ms': String(compaction.segmentMs),
    'min.compaction.lag.ms': '0',
    'max.compaction.lag.ms': String(compaction.maxLagMs),
    'min.cleanable.dirty.ratio': '0.01',
    'delete.retention.ms': String(tombstoneRetentionMs),
  }),
});

/** The settings that `findDeviations` compares. */
export const comparedSettings = [
  'max.message.bytes',
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'segment.ms',
  'max.compaction.lag.ms',
  'delete.retention.ms',
];

/** A setting that is not as declared. An error makes the service unready; other deviations are warnings. */
type Deviation = { readonly isError: boolean; readonly sentence: string };

type Rule = {
  readonly setting: string;
  readonly appliesTo: (topic: Topic) => boolean;
  readonly isDeviation: (found: string, declared: string) => boolean;
  readonly isError: boolean;
  readonly consequence: string;
};

const isCompacted = ({ compaction }: Topic) => compaction !== undefined;
const isKept = (topic: Topic) => !isCompacted(topic);
const isOther = (found: string, declared: string) => found !== declared;
const isMore = (found: string, declared: string) => Number(found) > Number(declared);
const isLess = (found: string, declared: string) => Number(found) < Number(declared);

const namesStay = 'records stay in it after their tombstone';
const recordsAreLost = 'a view cannot be rebuilt from it';
const rules: readonly Rule[] = [
  { setting: 'cleanup.policy', appliesTo: isCompacted, isDeviation: isOther, isError: true, consequence: namesStay },
  { setting: 'segment.ms', appliesTo: isCompacted, isDeviation: isMore, isError: true, consequence: namesStay },
  {
    setting: 'max.compaction.lag.ms',
    appliesTo: isCompacted,
    isDeviation: isMore,
    isError: true,
    consequence: namesStay,
  },
  {
    setting: 'delete.retention.ms',
    appliesTo: isCompacted,
    isDeviation: isLess,
    isError: true,
    consequence: 'a view that misses a tombstone keeps what it removes',
  },
  { setting: 'cleanup.policy', appliesTo: isKept, isDeviation: isOther, isError: false, consequence: recordsAreLost },
  { setting: 'retention.ms', appliesTo: isKept, isDeviation: isOther, isError: false, consequence: recordsAreLost },
  { setting: 'retention.bytes', appliesTo: isKept, isDeviation: isOther, isError: false, consequence: recordsAreLost },
];

/**
 * Compares the settings of a topic with its declaration; `found` has the settings that the broker reports. Too little compaction is
 * an error, because erased personal data would stay. A view notices itself when records that it needs were removed, so that is a
 * warning.
 */
export const findDeviations = (topic: Topic, found: TopicSettings): Deviation[] => {
  const declared = createTopicSettings(topic);
  return rules.flatMap(({ setting, appliesTo, isDeviation, isError, consequence }) => {
    const [actual, wanted] = [found[setting], declared[setting]];
    if (actual === undefined || wanted === undefined || !appliesTo(topic) || !isDeviation(actual, wanted)) return [];
    return [
      { isError, setting, sentence: `topic ${topic.name} has ${setting}=${actual}, not ${wanted}, so ${consequence}` },
    ];
  });
};
