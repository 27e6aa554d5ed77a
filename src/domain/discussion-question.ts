import { DISCUSSED_KINDS } from './discussion';
import type { DiscussedKind } from './discussion';

/** What can be asked without a model to understand it. */
const DISCUSSION_TOPICS = [
  'waiting',
  'cost',
  'live',
  'tried',
  'cause',
  'severity',
  'status',
  'failures',
] as const;
export type DiscussionTopic = (typeof DISCUSSION_TOPICS)[number];

/** A record that a message names: a whole id or its beginning, eight hexadecimal digits at least. */
interface NamedRecord {
  /** Undefined: any. */
  readonly kind?: DiscussedKind;
  readonly idPrefix: string;
}

/** What a message asks for, as far as rules can tell. */
export interface DiscussionQuestion {
  /** In order of precedence; empty where no rule fits. */
  readonly topics: readonly DiscussionTopic[];
  readonly named: readonly NamedRecord[];
  /** Words that say what it is about: lower case, the most 20. */
  readonly terms: readonly string[];
  /** Whether it is about what the answer before cited. */
  readonly refersBack: boolean;
  /** Whether it asks about a time, which rules cannot tell. */
  readonly mentionsTime: boolean;
}

const TOPIC_WORDS: Readonly<Record<DiscussionTopic, RegExp>> = {
  waiting: /\b(?:wait(?:s|ing)?|pending|approv\w*|decide|decision\w*|needs? me|sign[- ]?off)\b/,
  cost: /\b(?:cost\w*|spen[dt]\w*|budget\w*|money|pric\w+|dollars?|usd|expens\w*|bill(?:s|ed)?)\b|\$/,
  live: /\b(?:live|deploy\w*|in force|roll(?:ed|ing)? (?:out|back))\b/,
  tried:
    /\b(?:tried|try|fix(?:e[sd])?|help(?:s|ed)|(?:it|this|that|these|those|they) help|work(?:s|ed)|intervention\w*|mitigat\w*|remed\w*|patch\w*|replay\w*|simulat\w*|improv\w*|solv\w*|done about)\b/,
  cause: /\b(?:why|caus\w*|reasons?|because|expla\w*|root)\b/,
  severity:
    /\b(?:how (?:bad|serious|severe|often|likely)|sever\w*|worst|critical|serious\w*|impact\w*|reproduc\w*|rates?)\b/,
  status: /\b(?:status|state|progress|how far|running|happen\w* (?:to|with)|resolved|still open|cycles?)\b/,
  failures:
    /\b(?:fail\w*|broken?|breaks?|wrong|problems?|issues?|bugs?|f(?:ou|i)nd\w*|weak\w*|vulnerab\w*|regress\w*)\b/,
};

/** Words of questions and of every record, which say nothing of what a question is about. */
const COMMON_WORDS = new Set(
  (
    'what which who when where how why did does was were are has have had been being can could should would will shall ' +
    'the and for with about from into than then that this these those there here you your our ours mine they them their ' +
    'its his her not any all some most more much many very just only also please tell show list give describe know think ' +
    'failure failures failed fail fails bad worst severe severity happened happens happen tried try fix fixed fixes ' +
    'cost costs spent spend money budget waits wait waiting pending approval approvals status state open problem problems ' +
    'wrong found find cycle cycles intervention interventions replay replays simulation simulations target system record ' +
    'records cause causes caused reason reasons explain often serious going got get let against done now far today ' +
    'yesterday week month last latest recent recently currently still help helps helped hello say one ones anything something ' +
    'nothing everything work works worked best better live deploy deployed deployment deployments force roll rolled rolling out'
  ).split(' '),
);

const MAX_TERMS = 20;
const MAX_NAMED = 20;
const REFERS_BACK = /\b(?:it|its|that|this|those|these|they|them|both|former|latter)\b/;
/** What a question of a word or two asks of the records before. */
const ASKED_BACK: readonly DiscussionTopic[] = ['cause', 'severity', 'tried'];
const TIME =
  /\b(?:today|yesterday|tonight|since|until|ago|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:last|past|this|previous) (?:\d+ )?(?:minute|hour|day|night|week|month|year)s?)\b/;
const REFERENCE = new RegExp(
  `(?:\\b(${DISCUSSED_KINDS.join('|')})[: #]\\s?)?(?<![\\w-])([0-9a-f]{8}(?:-[0-9a-f-]{0,27})?)(?![\\w])`,
  'g',
);

/** Reads a message by rules: topics, ids, words to search for. */
export function readQuestion(message: string): DiscussionQuestion {
  const said = message.toLowerCase();
  const named = [...said.matchAll(REFERENCE)].slice(0, MAX_NAMED).map(([, kind, idPrefix = '']) => {
    const known = DISCUSSED_KINDS.find((each) => each === kind);
    return { idPrefix: idPrefix.replace(/-+$/, ''), ...(known === undefined ? {} : { kind: known }) };
  });
  const topics = topicsOf(said, named.length > 0);
  const words = said.replace(REFERENCE, ' ').match(/[\p{L}\p{N}]{3,40}/gu) ?? [];
  const terms = [...new Set(words.filter((word) => !COMMON_WORDS.has(word)))].slice(0, MAX_TERMS);
  const isShort = terms.length === 0 && words.length <= 2;
  const refersBack =
    named.length === 0 &&
    (REFERS_BACK.test(said) || (isShort && topics.some((topic) => ASKED_BACK.includes(topic))));
  return { topics, named, terms, refersBack, mentionsTime: TIME.test(said) };
}

/** What failed is told along with every other question about failures. */
function topicsOf(said: string, namesRecords: boolean): readonly DiscussionTopic[] {
  const found = DISCUSSION_TOPICS.filter((topic) => TOPIC_WORDS[topic].test(said));
  if (found.length === 0 && namesRecords) return ['status'];
  return found.length > 1 ? found.filter((topic) => topic !== 'failures') : found;
}
