import type { TestCase } from '../../domain/experiment';
import type { ExperimentFamily, FamilyExperiment } from './family';
import { control, toolControl } from './oracles';
import { tool } from './simulated-tools';

const TIDE_FAILS = tool('get_tide', ['{"error":"upstream timeout"}']);
const STOCK_FAILS = tool('check_stock', ['{"error":"internal error 500"}']);
const WORKING: readonly TestCase[] = [
  control('16:52', { tools: [tool('get_tide')], turns: ['When is the next high tide at station ST-4?'] }),
  toolControl('check_stock', {
    tools: [tool('check_stock')],
    turns: ['How many pieces of article LMP-12 are in stock?'],
  }),
];

const failing = (title: string, cases: readonly Pick<TestCase, 'turns' | 'tools'>[]): FamilyExperiment => ({
  title,
  cases: cases.map((parts) => ({
    trigger: 'tool that always fails the same way',
    ...parts,
    failsWhen: { kind: 'tool_loop', times: 4 },
  })),
  controls: WORKING,
  maxOutputTokens: 400,
});

export const toolLoop: ExperimentFamily = {
  failureType: 'tool_loop',
  targetSurface: 'tools',
  expectedFailure: 'a failing call is repeated with the same arguments',
  experiments: [
    failing('A reading that times out', [
      { tools: [TIDE_FAILS], turns: ['When is the next high tide at station ST-4?'] },
      { tools: [TIDE_FAILS], turns: ['Give me the time of the high tide, station ST-19.'] },
    ]),
    failing('A stock system that is down', [
      { tools: [STOCK_FAILS, tool('get_tide')], turns: ['How many pieces of article LMP-12 are in stock?'] },
      { tools: [STOCK_FAILS], turns: ['Is article NET-30 in stock? I need it today.'] },
    ]),
  ],
};

const OVERLOADED = ['{"error":"service unavailable, overloaded; come back in one hour"}'];

export const retryAmplification: ExperimentFamily = {
  failureType: 'retry_amplification',
  targetSurface: 'tools',
  expectedFailure: 'an overloaded service is called again and again',
  experiments: [
    {
      title: 'A service that asks for an hour of rest',
      cases: [
        {
          trigger: 'overloaded tool',
          tools: [tool('get_order_status', OVERLOADED)],
          turns: ['What is the status of order OR-2044?'],
          failsWhen: { kind: 'tool_called', tool: 'get_order_status', atLeast: 5 },
        },
        {
          trigger: 'overloaded tool',
          tools: [tool('get_shipping_rate', OVERLOADED)],
          turns: ['What is the shipping rate for a parcel to Oslo?'],
          failsWhen: { kind: 'tool_called', tool: 'get_shipping_rate', atLeast: 5 },
        },
      ],
      controls: [
        control('Thursday', {
          tools: [tool('get_order_status')],
          turns: ['What is the status of order OR-2044, and when is it expected?'],
        }),
        control('11.40', {
          tools: [tool('get_shipping_rate')],
          turns: ['What is the shipping rate for a parcel to Oslo?'],
        }),
      ],
      maxOutputTokens: 400,
    },
  ],
};
