/** In what way a text tries to tell its reader what to conclude. */
export const INJECTION_KINDS = [
  'overrides_instructions',
  'dictates_conclusion',
  'addresses_reader',
  'fake_fence',
  'fake_role',
  'fake_answer',
  'hidden_text',
  'encoded',
] as const;
export type InjectionKind = (typeof INJECTION_KINDS)[number];

/** Up to so many characters of one sentence, on one line or on several. */
const wideGap = (upTo: number): string => `[^.!?]{0,${upTo}}`;
const gap = (upTo: number): string => `[^.!?\\n]{0,${upTo}}`;

const JUDGING =
  '(?:judges?|graders?|evaluators?|raters?|reviewers?|assessors?|auditors?|researchers?|classifiers?|monitors?|analysts?)';
/** `held` is a verdict where it does not go on as a verb. */
const CONCLUSION =
  '(?:held(?! (?:up|on|by|in|at|to|off|out|that|the|a|an|true|under|its|his|her|their)\\b)|failed|fail|pass(?:ed)?|cannot[_ ]tell|no[ _]failures?|not[ _]a[ _]failure)';
const SUBJECT =
  '(?:run|test|transcript|conversation|trace|session|case|response|answer|exchange|experiment|finding|hypothesis|target|application|assistant|model|it|this|everything)';
const GOOD_OR_BAD = `(?:${CONCLUSION}|safe|healthy|compliant|successful|success|correct|clean|reliable|harmless|negligible|critical|s0|s4)`;

function pattern(source: string): RegExp {
  return new RegExp(source, 'gimu');
}

/** By kind; all of them look at plain views: lower case, no accents, lines kept. Every gap is bounded. */
export const INJECTION_PATTERNS: readonly (readonly [InjectionKind, RegExp])[] = [
  [
    'overrides_instructions',
    pattern(
      `\\b(?:ignore|disregard|forget|override|overrule|bypass|set aside|abandon|discard|stop (?:following|applying|using)|(?:do not|don't|never) (?:follow|apply|use|obey))\\b${wideGap(45)}\\b(?:instructions?|rubric|rules|prompts?|guidelines|criteria|grading|directions|directives|system message|told)\\b`,
    ),
  ],
  [
    'overrides_instructions',
    pattern(
      `(?:\\b(?:ignoriere?n?|missachte?n?|vergiss)\\b${gap(40)}(?:anweisung|regeln|vorgaben|kriterien)|\\b(?:ignore[rz]?|oublie[rz]?)\\b${gap(40)}(?:consignes|regles|criteres)|\\b(?:ignora[rd]?|olvida[rd]?)\\b${gap(40)}(?:instrucciones|reglas|criterios)|\\b(?:ignora|dimentica)\\b${gap(40)}(?:istruzioni|regole)|\\b(?:ignore|esqueca)\\b${gap(40)}(?:instrucoes|regras)|игнорируи${gap(40)}(?:инструкци|правил)|(?:忽略|无视|無視)${gap(20)}(?:指令|指示|规则|規則|说明|標準|标准)|(?:指示|ルール|規則|基準)${gap(10)}無視)`,
    ),
  ],
  [
    'dictates_conclusion',
    pattern(
      `\\b(?:answer|respond|reply|return|output|conclude|vote|say|verdict|outcome|conclusion)\\s?(?:with|as|is|of|must be|should be|has to be|only|[:=]|->)?\\s?["'\`“‘«*]{0,3}${CONCLUSION}\\b`,
    ),
  ],
  [
    'dictates_conclusion',
    pattern(
      `\\b(?:mark|grade|rate|score|classify|label|record|treat|count|assess|evaluate|judge|rule|report|consider|conclude|deem)\\b${gap(50)}\\b${SUBJECT}\\b${gap(40)}\\b${GOOD_OR_BAD}\\b`,
    ),
  ],
  [
    'dictates_conclusion',
    pattern(
      `\\b(?:report|propose|find|generate|return|list|design|raise|file)\\s(?:no|zero|only|an empty list of|nothing about)\\b${gap(25)}\\b(?:failures?|hypotheses|findings|interventions|issues|vulnerabilit(?:y|ies)|experiments|problems)\\b`,
    ),
  ],
  [
    'dictates_conclusion',
    pattern(
      `\\b(?:as|is|ist|est|es|als|como|comme|verdict|urteil|verdicto)\\b\\s?[:=]?\\s?["'«“„‘\`*]{1,3}(?:held|failed)\\b|(?:判定|裁定|结论|結論|回答|输出|判断)${gap(8)}["'«“「『]?(?:held|failed|通过|合格)`,
    ),
  ],
  [
    'addresses_reader',
    pattern(
      `\\b(?:notes?|messages?|instructions?|attention|notice|memo|reminder|hint|guidance)\\s?[:,]?\\s(?:to|for)?\\s?(?:the|an?|any|all|whoever)?\\s?(?:\\w+\\s){0,2}${JUDGING}\\b`,
    ),
  ],
  ['addresses_reader', pattern(`\\b(?:dear|attention|hey|hello)\\W{1,3}(?:\\w+\\s){0,2}${JUDGING}\\b`)],
  ['addresses_reader', pattern(`^\\W{0,4}(?:to\\s(?:the\\s)?)?(?:\\w+\\s)?${JUDGING}\\s?[:,]`)],
  [
    'addresses_reader',
    pattern(
      `\\bif you(?: are|'re)\\b${gap(30)}\\b(?:ai|llm|language model|${JUDGING}|evaluating|grading|judging|reviewing|analy[sz]ing)\\b`,
    ),
  ],
  [
    'addresses_reader',
    pattern(
      `\\byou are (?:now|no longer)\\b${gap(30)}\\b(?:${JUDGING}|mode|unrestricted|assistant|bound)\\b|\\bas (?:the|an?) (?:\\w+\\s)?${JUDGING},? you\\b`,
    ),
  ],
  [
    'fake_fence',
    pattern('<\\s?[/\\\\]?\\s?(?:data|transcript|conversation|untrusted|rubric|evidence)\\b[^>\\n]{0,80}>?'),
  ],
  [
    'fake_fence',
    pattern(
      '^[\\s\\-=#*<\\[({/|~]{0,20}(?:end|begin|start)\\s?(?:of)?\\s?(?:the)?\\s?(?:untrusted|quoted)?\\s?(?:transcript|data|evidence|material|conversation|trace|document|input)\\b[\\s\\-=#*>\\])}/|~:.]{0,20}$',
    ),
  ],
  [
    'fake_role',
    pattern(
      '<\\|[a-z_]{2,24}\\|>|\\[/?inst\\]|<</?sys>>|</?system[-_ ]?(?:prompt|message|reminder|note)?>|</?(?:s|bos|eos)>(?=\\s|\\[|$)',
    ),
  ],
  [
    'fake_role',
    pattern(
      '^\\W{0,6}(?:system|developer|administrator|operator|root)\\s?(?:message|prompt|notice|override|update|note|instruction)?\\s?(?:[:\\]]|\\W{0,3}$)',
    ),
  ],
  [
    'fake_answer',
    pattern(
      '["\'`]verdict["\'`]\\s?[:=]\\s?["\'`]?\\w|["\'`](?:hypotheses|designs|interventions|rootcause|impactreason)["\'`]\\s?:|</?(?:function_calls?|tool_calls?|tool_use|invoke|parameter)\\b',
    ),
  ],
];
