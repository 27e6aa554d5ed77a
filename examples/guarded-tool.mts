/**
 * A function of this program that nothing can call past the gate: the risk policy assesses each call, a person approves it
 * where that is asked for, it is done at most once, and `tool_executions` says what it came to.
 *
 *   npx tsx examples/guarded-tool.mts
 *
 * PostgreSQL and Temporal are those of TINMAN_DATABASE_URL and TEMPORAL_ADDRESS; what is not given is started here.
 */
import { createTinman, DomainError, guardedCall } from 'tinman';

const balances = new Map<unknown, number>([['C-17', 40]]);

const tinman = await createTinman();
try {
  const refund = tinman.tools.register(
    {
      name: 'refund',
      description: 'Pays money back to a customer.',
      riskLevel: 'medium',
      parameters: {
        type: 'object',
        properties: {
          customer: { type: 'string' },
          usd: { type: 'number', exclusiveMinimum: 0, maximum: 100 },
        },
        required: ['customer', 'usd'],
        additionalProperties: false,
      },
      rollback: ({ customer, usd }) => Promise.resolve(credit(customer, Number(usd))),
    },
    ({ customer, usd }) => Promise.resolve(credit(customer, -Number(usd))),
  );

  const left = await guardedCall(tinman, refund, {
    description: 'The order of 3 May never arrived',
    arguments: { customer: 'C-17', usd: 15 },
  });
  console.log('refunded; left:', left);

  // Arguments that break the schema never reach a person, let alone the function.
  await guardedCall(tinman, refund, { arguments: { customer: 'C-17', usd: 5_000 } }).catch(
    (error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      console.log('refused:', error.code);
    },
  );

  const { items } = await tinman.records.list('tool_executions', { filters: { tool_name: 'refund' } });
  for (const { id, status } of items) {
    console.log('recorded:', status);
    if (status === 'succeeded') console.log('taken back; left:', await tinman.tools.rollback(String(id)));
  }
} finally {
  await tinman.close();
}

/** The schema has seen to it that there is a customer. */
function credit(customer: unknown, usd: number): number {
  const balance = (balances.get(customer) ?? 0) + usd;
  balances.set(customer, balance);
  return balance;
}
