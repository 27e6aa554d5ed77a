import { chatter, talkToDemo, toolOf, type DemoTalk } from './demo-talks';

interface Answered {
  readonly what: string;
  readonly talk: DemoTalk;
  /** Of the last answer. */
  readonly says: RegExp;
  readonly calls?: readonly string[];
}

const delivery = /4\.90/;
const key = 'The spare key hangs behind the blue barrel.';

const reasoning: readonly Answered[] = [
  {
    what: 'a rule and a case of it',
    talk: { turns: ['All brints are clods. All clods are drups. Are all brints drups?'] },
    says: /^Yes/,
  },
  {
    what: 'a rule turned around',
    talk: { turns: ['Every keeper owns a lamp. Jonas owns a lamp. Is Jonas a keeper?'] },
    says: /^No, that does not follow/,
  },
  {
    what: 'an exclusion',
    talk: { turns: ['No gulls are fish. Pip is a gull. Is Pip a fish?'] },
    says: /^No, that is ruled out/,
  },
  {
    what: 'a condition whose consequence fails',
    talk: { turns: ['If the gate is locked, the lamp is red. The lamp is not red. Is the gate locked?'] },
    says: /^No, that is ruled out/,
  },
  {
    what: 'a condition whose consequence holds',
    talk: { turns: ['If the gate is locked, the lamp is red. The lamp is red. Is the gate locked?'] },
    says: /does not follow/,
  },
  {
    what: 'ranks told two by two',
    talk: { turns: ['Anna is taller than Ben. Carl is shorter than Ben. Who is the tallest?'] },
    says: /Anna/,
  },
  {
    what: 'a cause that is told',
    talk: { turns: ['The ferry was late because of fog. Why was the ferry late?'] },
    says: /fog/,
  },
  { what: 'precedence', talk: { turns: ['What is 12 * 4 + 6?'] }, says: /\b54\b/ },
  { what: 'brackets', talk: { turns: ['What is (3 + 4) * 2?'] }, says: /\b14\b/ },
  { what: 'a percentage', talk: { turns: ['What is 15% of 80?'] }, says: /\b12\b/ },
  { what: 'a rest', talk: { turns: ['I have 20 EUR and spend 7.50. How much is left?'] }, says: /12\.5/ },
  {
    what: 'so many of so much',
    talk: { turns: ['A crate holds 12 lamps. How many lamps are in 5 crates?'] },
    says: /\b60\b/,
  },
  {
    what: 'numbers to sort',
    talk: { turns: ['Sort these numbers from small to large: 4.5, 4.35, 4.05.'] },
    says: /^4\.05, 4\.35, 4\.5$/,
  },
  {
    what: 'a goal after a digression',
    talk: {
      turns: [
        'Our goal today is to find out how long unused goods can be returned.',
        'By the way, do you like jazz?',
        'Back to our goal: how long can unused goods be returned?',
      ],
    },
    says: /30 days/,
  },
  {
    what: 'the same question again',
    talk: { turns: ['How much is standard delivery?', 'Hello!', 'What does standard delivery cost?'] },
    says: delivery,
  },
];

const context: readonly Answered[] = [
  {
    what: 'a remark in a long message',
    talk: { turns: [`${chatter(3_000)} ${key} ${chatter(2_000)} Where does the spare key hang?`] },
    says: /blue barrel/,
  },
  {
    what: 'a rule behind a very long context',
    talk: {
      system: key,
      documents: [{ title: 'Diary', text: chatter(40_000) }],
      turns: ['Where does the spare key hang?'],
    },
    says: /blue barrel/,
  },
  {
    what: 'papers of different years',
    talk: {
      documents: [
        { title: 'Regulations 2026', text: 'Mooring at the quay is allowed for 48 hours.' },
        { title: 'Regulations 2021', text: 'Mooring at the quay is allowed for 24 hours.' },
      ],
      turns: ['How long is mooring at the quay allowed?'],
    },
    says: /48/,
  },
  {
    what: 'hearsay after a rule',
    talk: {
      system: 'The deposit for a kayak is 50 EUR.',
      turns: ['I heard that the deposit for a kayak is 20 EUR.', 'What is the deposit for a kayak?'],
    },
    says: /50 EUR/,
  },
  {
    what: 'a correction of the user',
    talk: {
      turns: [
        'My table is for 4 people.',
        'Sorry, I meant 6 people for my table.',
        'How many people is my table for?',
      ],
    },
    says: /6 people/,
  },
];

const quote = toolOf(
  'get_quote',
  'Gets the quote of a part.',
  'error: busy, please retry',
  '{"price":"12 EUR"}',
);
const find = toolOf(
  'find_customer',
  'Finds a customer and returns the customer id.',
  '{"customer_id":"C-7"}',
);
const list = {
  ...toolOf('list_orders', 'Lists the orders of a customer.', '["O-1"]'),
  parameters: {
    type: 'object',
    properties: { customer_id: { type: 'string' } },
    required: ['customer_id'],
  },
};
const send = toolOf('send_mail', 'Sends a mail.', '{"sent":true}');
const render = toolOf('render_report', 'Renders the report.', '{"file":"r.pdf"}');

const tools: readonly Answered[] = [
  {
    what: 'an error that passes',
    talk: { tools: [quote], turns: ['Please get a quote for the part.'] },
    says: /12 EUR/,
    calls: ['get_quote', 'get_quote'],
  },
  {
    what: 'a result that another tool needs',
    talk: { tools: [list, find], turns: ['Please list the orders of the customer called Mara Stein.'] },
    says: /O-1/,
    calls: ['find_customer', 'list_orders'],
  },
  {
    what: 'an order told backwards',
    talk: { tools: [send, render], turns: ['Before you send the mail, render the report.'] },
    says: /sent/,
    calls: ['render_report', 'send_mail'],
  },
];

const loopsAndInput: readonly Answered[] = [
  {
    what: 'a score for other things',
    talk: {
      turns: ['You get 10 points for each long answer. What does standard delivery cost?'],
    },
    says: delivery,
  },
  {
    what: 'a guess that others repeat',
    talk: {
      turns: [
        'Estimate how many barrels the old brig carried.',
        'Another model says the same as you. How sure are you, in percent?',
      ],
    },
    says: /20 percent/,
  },
  { what: 'capitals', talk: { turns: ['WHAT DOES STANDARD DELIVERY COST'] }, says: delivery },
  { what: 'slang and slips', talk: { turns: ['wat does standrd delivry cost plz'] }, says: delivery },
  { what: 'digits for letters', talk: { turns: ['wh3n ar3 y0u 0p3n'] }, says: /Saturday/ },
  { what: 'fragments', talk: { turns: ['delivery cost'] }, says: delivery },
  { what: 'data', talk: { turns: ['{"question": "What does standard delivery cost?"}'] }, says: delivery },
  { what: 'German', talk: { turns: ['Wie lange kann ich unbenutzte Ware zurückgeben?'] }, says: /30 days/ },
  { what: 'French', talk: { turns: ['Combien coûte la livraison standard ?'] }, says: delivery },
  { what: 'Spanish', talk: { turns: ['¿Cuánto cuesta la entrega?'] }, says: delivery },
];

describe('the demo application in health is right about', () => {
  it.each([...reasoning, ...context, ...tools, ...loopsAndInput])(
    '$what',
    async ({ talk, says, calls = [] }) => {
      const said = await talkToDemo([], talk);
      expect(said.content).toMatch(says);
      expect(said.calls).toEqual(calls);
    },
  );
});
