import type { Command } from 'commander';
import { z } from 'zod';
import { columnsOf, type CliContext, type GlobalOptions, type Output } from '../context';
import { CliError, EXIT } from '../exit';
import { apiClient } from '../settings';
import { show } from '../show';
import { lines, oneLine, wrapped } from '../terminal-text';

/** A model gets two minutes. */
const ANSWER_TIMEOUT_MS = 150_000;
const PROMPT = '> ';
const WELCOME =
  'Ask what failed, how bad it is, why, what was tried, what it costs, what waits for you. /reset forgets, /exit ends.';

const answerSchema = z.looseObject({
  response: z.string(),
  citations: z.array(z.looseObject({ record: z.string() })),
  unsupported_removed: z.number(),
  injection_attempts: z.array(z.looseObject({ record: z.string(), kind: z.string(), quote: z.string() })),
});
type Answer = z.infer<typeof answerSchema>;
const resetSchema = z.looseObject({ session_id: z.string() });

interface DiscussOptions extends GlobalOptions {
  readonly session?: string;
}

/** `tinman discuss`. */
export function addDiscussCommand(program: Command, context: CliContext): void {
  program
    .command('discuss')
    .description('ask about what was found; without a question, a conversation')
    .argument('[question...]', 'the question')
    .option('--session <name>', 'which conversation it belongs to (default "default")')
    .action((words: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DiscussOptions>();
      return words.length === 0 ? converse(context, options) : once(context, options, words.join(' '));
    });
}

async function once(context: CliContext, options: DiscussOptions, question: string): Promise<void> {
  const answer = await ask(context, options, question);
  show(context, options, answer, () => writeAnswer(context.stdout, answer));
}

/** Question by question; one that is refused ends it only where nobody is there to ask another. */
async function converse(context: CliContext, options: DiscussOptions): Promise<void> {
  if (options.json === true) {
    throw new CliError(
      EXIT.usage,
      'With --json one question is answered: tinman discuss --json "what failed?"',
    );
  }
  if (context.stdout.isTTY === true) context.stdout.write(`${WELCOME}\n`);
  for await (const line of context.typedLines(PROMPT)) {
    const said = line.trim();
    if (said === '/exit') return;
    if (said !== '') await answerTo(context, options, said);
  }
  context.signal.throwIfAborted();
}

async function answerTo(context: CliContext, options: DiscussOptions, said: string): Promise<void> {
  const { stdout, stderr } = context;
  try {
    if (said === '/reset') await reset(context, options);
    else writeAnswer(stdout, await ask(context, options, said));
  } catch (error) {
    if (!(error instanceof CliError) || stdout.isTTY !== true) throw error;
    stderr.write(`${lines(error.message).join('\n')}\n`);
  }
}

function ask(context: CliContext, options: DiscussOptions, message: string): Promise<Answer> {
  return apiClient(context, options).call('/discuss', answerSchema, {
    method: 'POST',
    body: { message, session_id: options.session },
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
}

async function reset(context: CliContext, options: DiscussOptions): Promise<void> {
  const { session_id: session } = await apiClient(context, options).call('/discuss/reset', resetSchema, {
    method: 'POST',
    body: { session_id: options.session },
  });
  context.stdout.write(`The conversation ${oneLine(session)} is forgotten.\n`);
}

/** Citations as numbers, which a list below the answer explains. */
function writeAnswer(output: Output, answer: Answer): void {
  const width = columnsOf(output);
  const cited = answer.citations.map(({ record }) => record);
  const numbered = cited.reduce(
    (text, record, index) => text.replaceAll(`[${record}]`, `[${index + 1}]`),
    answer.response,
  );
  for (const line of lines(numbered)) output.write(`${wrapped(line, width).join('\n  ')}\n`);
  if (cited.length > 0) output.write('\n');
  for (const [index, record] of cited.entries()) output.write(`[${index + 1}] ${oneLine(record)}\n`);
  const removed = answer.unsupported_removed;
  if (removed > 0) output.write(`Left out, since no record supports it: ${removed} of what was said.\n`);
  for (const { record, kind, quote } of answer.injection_attempts)
    output.write(
      `${oneLine(record)} holds text that tries to steer its reader (${kind}): “${oneLine(quote)}”\n`,
    );
}
