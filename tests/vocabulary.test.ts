import { describe, expect, it } from 'vitest';
import { files, readDocument } from './docs/documents.ts';

type Entry = {
  /** Matches the word or identifier that must not come back, with word boundaries. */
  readonly pattern: RegExp;
  readonly meaning: string;
  readonly replacement: string;
  /** Text around a match that is allowed: stored and published names, and other senses of the word. */
  readonly allowed?: RegExp;
};

const entry = (pattern: RegExp, meaning: string, replacement: string, allowed?: RegExp): Entry => ({
  pattern,
  meaning,
  replacement,
  ...(allowed && { allowed }),
});

const terms: readonly Entry[] = [
  entry(
    /\b[pP]ositions?(?=[A-Z]|\b)/,
    'how far a view has followed a partition',
    'checkpoint',
    /position:|'position'|\*position\*/,
  ),
  entry(/\bpart(?:ed|ing)\b|\bwatchParting\b/, 'store and committed offsets disagree', 'drift, detectDrift'),
  entry(/\bMoment\b/, 'time and revision of an event', 'EventStamp'),
  entry(/\bremarks?\b/, 'a counted special case', 'classification', /header|remark\.'/),
  entry(/\bsort(?:ed|s)?(?:Out| out)\b/, 'parse a batch', 'parseBatch'),
  entry(
    /\b[sS]et(?:s|ting)?[ -]aside\b/,
    'published to the dead-letter topic',
    'dead-lettered',
    /record-set-aside\.v1/,
  ),
  entry(
    /\bWriteMemory\b|\brememberWrites\b|\bstrangersAreNew\b/,
    'cache of own writes',
    'WriteThroughCache, assumeNewKeys',
  ),
  entry(/\bvouch\w*/, 'a checkpoint shows that the cache is valid', 'checkpointUnchanged, validates'),
  entry(/\bcombinedReads\b/, 'several reads in one call', 'coalesceReads'),
  entry(/\b(?:most)?[uU]nderway\b|\bunder way\b/, 'calls that have not ended', 'inFlight, maxInFlight'),
  entry(/\bWays?\b/, 'what a store can do; how a rebuild runs', 'StoreCapabilities; RebuildMode'),
  entry(
    /\b[gG]uard(?:ed|s|ing)?\b/,
    'condition of a write; check of a caller',
    'precondition; authentication',
    /request[- ]?guard|[gG]uardRequests|The guard|One guard/,
  ),
  entry(/\b[cC]onsiderate\w*/, 'reads the log slowly', 'throttled'),
  entry(/\b(?:open)?[lL]edger\b/, 'lease and progress of a rebuild', 'RebuildSession'),
  entry(/\bunlist(?!ed)\w*/, 'end the upkeep of a generation', 'unregister'),
  entry(/\bPermit\b/, 'proof that we still own the rebuild', 'ownership check'),
  entry(/\b[sS]uspects?\b/, 'keys whose values differ', 'mismatches'),
  entry(/\bpersistently\b|\boutlastTrouble\b|\bpauseUnlessAborted\b/, 'try again later', 'retry, sleep'),
  entry(
    /\b[tT]roubles?\b|\bDatabaseTrouble\b|\bexplainedDialect\b/,
    'a fault that passes',
    'TransientDatabaseError, errorMappingDialect',
  ),
  entry(
    /(?<![@./~\w])[hH]ome\b|\batHome\b|\botherStore\b/,
    'the store that answers; the others',
    'primaryStore, secondaryStores',
  ),
  entry(/\b(?:real|test)?World\b/, 'clock, ids, log, tracer', 'Runtime'),
  entry(/\bHoldings?\b/, 'a place with personal data', 'PersonalDataSource'),
  entry(/\bsurroundings\b/, 'what the database has already', 'existing state'),
  entry(/\bfirstLines\b/, 'keys seen earlier in a file', 'seenKeys'),
  entry(
    /\banswerOnce\b|\bkeepForgetting\b|\bforget[A-Z]\w*/,
    'idempotent request; retention',
    'idempotentRequest, retentionJob, purge…',
  ),
  entry(/\bannounceMandates\b|\bannouncedMandates?\b/, 'append events to the outbox', 'appendToOutbox'),
  entry(/\bplainly\w*/i, 'validation without the schema library', 'fast path'),
  entry(/\b[jJ]udge\w*/, 'compare, validate', 'compare, validate'),
  entry(/\b[sS]aid\b/, 'what a process or participant printed', 'observation, printed'),
  entry(/\bconverse\b|\bfurnish\w*/, 'TCP exchange; preparation', 'probe; provision'),
  entry(/\b[tT]orture\w*/, 'random kills and pauses', 'chaos test', /npm run torture|pretorture|"torture":/),
  entry(/\b[cC]ontestants?\b/, 'what a benchmark measures', 'subject'),
  entry(/\b[pP]eers\b/, 'programs to compare with', 'baselines'),
  entry(/\blive generations?\b/, 'the generation from which the view answers', 'active generation, live view'),
  entry(
    /\b(?:n?ever gave|gave no)\b.*\brevision|\brevision\b.*\b(?:n?ever gave|gave no)\b/,
    'forged revision',
    'issue',
  ),
  entry(
    /\b(?:throttled(?:Log|Pages)|seededRandom|silentTracer|readShown)\b/,
    'functions',
    'verbs: throttleLog, create…',
  ),
  entry(/\busual[A-Z]\w*/, 'a value that applies unless another is given', 'default…'),
  entry(/\b\w*IsAway\b|\bisAway\b/, 'a service or store cannot be reached', 'isUnavailable'),
  entry(/\bguests?\b/, 'an instance that joins and leaves', 'temporary instance'),
  entry(/\bcomplaints?\b/, 'what a check has found', 'violations'),
  entry(/\bcircles?\b/, 'modules that import each other', 'cycle'),
  entry(/\blab['’]s way\b/, 'the shape of the original workshop', 'legacy, as in the lab'),
];

/** Identifiers of earlier versions that the patterns above do not find, because the word is a part of a longer name. */
const identifiers: readonly Entry[] = [
  entry(
    /\b(?:readPosition|asPosition|changePosition|verifyPosition|position(?:Key|Document))\w*/,
    'checkpoint',
    'checkpoint…',
  ),
  entry(
    /\b\w*(?:TroubleCode|describeTrouble)\w*/,
    'an error of the database',
    'DatabaseErrorCode, describeDatabaseError',
  ),
  entry(/\b\w*[uU]nderWay\b/, 'a rebuild or call that has not ended', 'inProgress, inFlight'),
  entry(
    /\b(?:guardRequests|guardStatements|StatementGuard|guardedWrite|judgeGuard)\b/,
    'a check',
    'check…, precondition',
  ),
  entry(/\b(?:find|most)Suspects\b/, 'keys whose values differ', 'findMismatches, maxMismatches'),
  entry(/\b(?:is|has)Said\b|\bSaid[A-Z]\w*/, 'what a participant reported', 'answer, report'),
  entry(/\b(?:nothing|record)SetAside\w*/, 'dead-lettered', 'deadLetter…'),
  entry(/\b\w+World\b/, 'clock, ids, log, tracer; a test fixture', 'Runtime; fixture'),
  entry(/\basUsual\b/, 'the default', 'default…'),
];

const style: readonly Entry[] = [
  entry(/\b[wW]hoever\b/, 'any person or program', 'any client, the caller'),
  entry(/\b[nN]obody\b/, 'nobody as a subject', 'no one, no client; or say who does'),
  entry(/\b(?:tells?|telling|told)[ -]of\b|\b(?:surely|may)?TellsOf\b/i, 'concerns, reports', 'concerns, reports'),
  entry(/\bhers\b/, 'a possession without an owner', "the customer's"),
  entry(/\b(?:go|goes|going|went) on\b/, 'does not stop', 'continues'),
  entry(/\b(?:stands?|stood) in\b(?! (?:the|its|their) way)/, 'is written somewhere', 'is in'),
  entry(/\banew\b/, 'once more', 'again'),
  entry(
    /\b[bB]eside\b/,
    'next to; in addition to; during',
    'next to, in addition to, during',
    /--beside|beside: flag|'beside'/,
  ),
  entry(/\bforetell\w*|\bforetold\b/, 'say in advance', 'predict'),
  entry(/\bas in life\b/, 'like the real service', 'as in production'),
  entry(/\bfor ever\b/, 'without end', 'forever'),
  entry(/\bmend(?:s|ed|ing)?\b/, 'make right again', 'repair, fix'),
  entry(/\b(?:is|are|was|were|be) away\b/, 'cannot be reached', 'is unavailable'),
];

/** This file contains every word of the list; the others are data, licences and lists of packages. */
const exempt = /^(tests\/vocabulary\.test\.ts|LICENSE|package-lock\.json|data\/.*)$|\.(svg|csv)$/;
const checked = files.filter((file) => !exempt.test(file));

/** The begin of the next line of a comment or paragraph, so that a phrase is found although it is wrapped. */
const wrap = /\n[ \t]*(?:\/\/|\*|#|>|--)?[ \t]*/g;

/** The lines of each file, the first of which is its name, and the same text without line ends. */
const texts = checked.map((file) => {
  const whole = `${file}\n${readDocument(file)}`;
  return { file, whole, flat: whole.replace(wrap, ' '), lines: whole.split('\n') };
});

/** Every line that has the word, as "file:line: text", also where the phrase continues in the next line. The name of a file is its line 0. */
const occurrencesOf = ({ pattern, allowed }: Entry): readonly string[] =>
  texts.flatMap(({ file, whole, flat, lines }) => {
    // Few files have the word, and a search of each line takes a hundred times as long.
    if (!pattern.test(whole) && !pattern.test(flat)) return [];
    return lines.flatMap((line, number) => {
      const withNext = `${line}\n${lines[number + 1] ?? ''}`.replace(wrap, ' ');
      const isFound = pattern.test(line) || (pattern.test(withNext) && !pattern.test(lines[number + 1] ?? ''));
      return isFound && !allowed?.test(line) ? [`${file}:${number}: ${line.trim().slice(0, 120)}`] : [];
    });
  });

describe.each([
  ['a term of this project', terms],
  ['an identifier', identifiers],
  ['a turn of phrase', style],
])('%s that has a plain replacement', (_, entries) => {
  it.each(
    entries.map((one) => [one.pattern.source, one.meaning, one.replacement, one] as const),
  )('%s (%s) is called: %s', (_pattern, _meaning, _replacement, one) => {
    expect(occurrencesOf(one)).toEqual([]);
  });
});
