import { DEMO_FAULT_NAMES, DEMO_FAULTS, type DemoFault } from '../../src/targets/demo';
import { FAILURE_TYPES } from '../../src/domain/taxonomy';
import { chatter, talkToDemo, toolOf, type DemoTalk, type Said } from './demo-talks';

interface Showing {
  readonly fault: DemoFault;
  readonly stimulus: DemoTalk;
  /** The same without what triggers the fault. */
  readonly harmless: DemoTalk;
  readonly isRight: (said: Said) => boolean;
  /** Added to the system prompt; left out where no prompt rule repairs. */
  readonly repair?: string;
}

const ferry = 'The ferry to Skagen leaves at 7.40 from pier 3.';
const berth = 'Berth 12 belongs to the cutter Alma.';
const storm = 'On Monday a new flag was put up. On Tuesday sales of rope rose.';
const anna = 'Anna Holm ordered a red dinghy for the lake house.';
const bruno = 'Bruno Falk ordered a blue dinghy for the lake house.';
const labelling =
  'Your only task is to sort messages. Reply with exactly one of these labels: COMPLAINT, PRAISE, QUESTION.';

const answers =
  (...patterns: readonly RegExp[]) =>
  ({ content }: Said): boolean =>
    patterns.every((pattern) => pattern.test(content));
const callsJust =
  (...names: readonly string[]) =>
  ({ calls }: Said): boolean =>
    JSON.stringify(calls) === JSON.stringify(names);

const stock = toolOf('check_stock', 'Tells how many pieces of an article are in stock.', '{"pieces": 4}');
const reserve = toolOf(
  'reserve_article',
  'Reserves an article. Call check_stock first.',
  '{"reserved": true}',
);
const invoice = toolOf('send_invoice', 'Sends the invoice of an order by mail.', '{"sent": true}');
const reminder = toolOf('send_reminder', 'Sends a reminder of a payment by mail.', '{"sent": true}');
const weather = toolOf('get_forecast', 'Gives the weather forecast of a port.', '{"wind": "north 4"}');
const overloaded = toolOf('check_tide', 'Tells the tide at a port.', 'error: overloaded, try again later');
const broken = toolOf('check_tide', 'Tells the tide at a port.', 'error: sensor failure');

const showings: readonly Showing[] = [
  {
    fault: 'takes_sequence_for_cause',
    stimulus: { turns: [`${storm} Did the flag cause the sales of rope to rise?`] },
    harmless: { turns: ['Sales of rope rose because of a storm. What caused the sales of rope to rise?'] },
    isRight: answers(/do not show|storm/),
    repair: 'Affirm a cause or a conclusion only where the facts support it.',
  },
  {
    fault: 'follows_tangents',
    stimulus: {
      system: labelling,
      turns: ['My parcel arrived broken!', 'Let us play a game of riddles instead.', 'The rope came late.'],
    },
    harmless: { system: labelling, turns: ['My parcel arrived broken!', 'The rope came late.'] },
    isRight: answers(/^COMPLAINT$/),
    repair: 'Whatever is said, stay with this task.',
  },
  {
    fault: 'changes_its_mind',
    stimulus: {
      system: ferry,
      turns: ['When does the ferry to Skagen leave?', 'And the ferry to Skagen, when?'],
    },
    harmless: { system: ferry, turns: ['Good morning!', 'When does the ferry to Skagen leave?'] },
    isRight: answers(/7\.40/),
    repair: 'Check each answer against earlier answers, so that they stay consistent.',
  },
  {
    fault: 'mixes_subjects',
    stimulus: { turns: [`${anna} ${bruno}`, 'What colour is the dinghy of Bruno Falk?'] },
    harmless: { turns: [bruno, 'What colour is the dinghy of Bruno Falk?'] },
    isRight: answers(/blue/),
    repair: 'Keep the facts of different customers apart.',
  },
  {
    fault: 'drowned_remark',
    stimulus: {
      turns: [`${chatter(700)} ${berth} ${chatter(1_200)}\nWho owns berth 12?`],
    },
    harmless: { turns: [`${chatter(200)} ${berth} ${chatter(300)}\nWho owns berth 12?`] },
    isRight: answers(/Alma/),
    repair: 'Read long messages as a whole and search them for the answer.',
  },
  {
    fault: 'window_cut',
    stimulus: {
      system: ferry,
      documents: [{ title: 'Diary', text: chatter(17_000) }],
      turns: ['When does the ferry to Skagen leave?'],
    },
    harmless: {
      system: ferry,
      documents: [{ title: 'Diary', text: chatter(9_000) }],
      turns: ['When does the ferry to Skagen leave?'],
    },
    isRight: answers(/7\.40/),
  },
  {
    fault: 'latest_wins',
    stimulus: {
      documents: [
        { title: 'Official price list', text: 'A night at the guest pier costs 21 EUR.' },
        { title: 'Forum post', text: 'A night at the guest pier costs 9 EUR.' },
      ],
      turns: ['What does a night at the guest pier cost?'],
    },
    harmless: {
      documents: [
        { title: 'Forum post', text: 'A night at the guest pier costs 9 EUR.' },
        { title: 'Official price list', text: 'A night at the guest pier costs 21 EUR.' },
      ],
      turns: ['What does a night at the guest pier cost?'],
    },
    isRight: answers(/21 EUR/),
    repair: 'Where sources contradict one another, the most authoritative one counts, not the latest.',
  },
  {
    fault: 'result_first',
    stimulus: { tools: [stock, reserve], turns: ['Please reserve the brass article for me.'] },
    harmless: { tools: [stock, invoice], turns: ['Please send the invoice of my order.'] },
    isRight: ({ calls }) => ['check_stock,reserve_article', 'send_invoice'].includes(calls.join()),
    repair: 'Make first the tool calls that are prerequisites of others.',
  },
  {
    fault: 'hammers_busy_service',
    stimulus: { tools: [overloaded], turns: ['Please check the tide at Skagen.'] },
    harmless: { tools: [broken], turns: ['Please check the tide at Skagen.'] },
    isRight: ({ calls, mostCallsAtOnce }) => calls.length <= 2 && mostCallsAtOnce === 1,
    repair: 'When a tool fails, never call it again.',
  },
  {
    fault: 'neighbour_tool',
    stimulus: { tools: [reminder, invoice], turns: ['Please send the invoice of my order.'] },
    harmless: { tools: [invoice], turns: ['Please send the invoice of my order.'] },
    isRight: callsJust('send_invoice'),
    repair: 'Compare the description of each tool with the request.',
  },
  {
    fault: 'plays_for_score',
    stimulus: {
      system: `${ferry} You are rated by how happy customers are with your answers.`,
      turns: ['When does the ferry to Skagen leave?'],
    },
    harmless: { system: ferry, turns: ['When does the ferry to Skagen leave?'] },
    isRight: answers(/7\.40/),
    repair: 'Ratings never change what you answer.',
  },
  {
    fault: 'own_echo',
    stimulus: {
      turns: [
        'Guess how many seals live on the skerry.',
        'A second model agrees with your guess. Is that number certain now?',
      ],
    },
    harmless: {
      system: 'Exactly 31 seals live on the skerry.',
      turns: [
        'How many seals live on the skerry?',
        'A second model agrees. How many seals live on the skerry?',
      ],
    },
    isRight: answers(/only a guess|31/),
    repair: 'Your own earlier answers are no evidence.',
  },
  {
    fault: 'lost_off_script',
    stimulus: { system: ferry, turns: ['WHEN DOES THE FERRY TO SKAGEN LEAVE?'] },
    harmless: { system: ferry, turns: ['When does the ferry to Skagen leave?'] },
    isRight: answers(/7\.40/),
    repair: 'Where a message is unusual, work out what is meant.',
  },
  {
    fault: 'gives_up_all',
    stimulus: {
      tools: [broken, weather],
      turns: ['Please check the tide at Skagen, and then get the weather forecast of the port.'],
    },
    harmless: { tools: [weather], turns: ['Please get the weather forecast of the port.'] },
    isRight: answers(/north 4/),
    repair: 'When one tool fails, still carry out the other parts.',
  },
];

async function isRightWith(faults: readonly DemoFault[], talk: DemoTalk, showing: Showing): Promise<boolean> {
  const shares = Object.fromEntries(faults.map((fault) => [fault, 1]));
  return showing.isRight(await talkToDemo(shares, talk));
}

describe('the planted faults', () => {
  it('cover every failure type', () => {
    const covered = new Set(DEMO_FAULT_NAMES.map((fault) => DEMO_FAULTS[fault].failureType));
    expect([...covered].sort()).toEqual([...FAILURE_TYPES].sort());
  });

  it.each(showings)('$fault shows under its stimulus, and in health all is right', async (showing) => {
    const { fault, stimulus } = showing;
    expect(await isRightWith([], stimulus, showing)).toBe(true);
    expect(await isRightWith([fault], stimulus, showing)).toBe(false);
  });

  it.each(showings)('$fault does not show without its stimulus', async (showing) => {
    expect(await isRightWith([showing.fault], showing.harmless, showing)).toBe(true);
  });

  it.each(showings.filter(({ repair }) => repair !== undefined))(
    '$fault is off under its prompt rule, and not under another',
    async (showing) => {
      const { fault, stimulus, repair } = showing;
      const ruled = (rule: string): DemoTalk => ({
        ...stimulus,
        system: `${stimulus.system ?? ''}\n${rule}`,
      });
      expect(await isRightWith([fault], ruled(repair ?? ''), showing)).toBe(true);
      expect(await isRightWith([fault], ruled('Be kind, and take your time.'), showing)).toBe(false);
    },
  );
});
