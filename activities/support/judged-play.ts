import { judgeRun } from '../../src/domain/detect';
import type { JudgedDetector } from '../../src/domain/detector';
import { evidenceOfVotes, majority, undecidedBecause } from '../../src/domain/judge';
import type { Judgement } from '../../src/domain/judge';
import type { RuledVerdict } from '../../src/domain/detect';
import { BudgetExhausted } from './budget-exhausted';
import type { RunJudge } from './judge';
import { play } from './play';
import type { Play, Played, PlaySession } from './play';

/**
 * Plays one case and judges it: by its rules, and where these leave it open and there is a judge, by that.
 * @throws when the activity is cancelled; what the target is owed is then settled.
 */
export async function playJudged(plan: Play, key: string, session: PlaySession): Promise<Played> {
  const played = await play(plan, key, session);
  const { leftToJudge } = played.verdict;
  if (leftToJudge === undefined || session.judge === undefined) return played;
  try {
    return {
      ...(await withJudgement(plan, played, leftToJudge, session, session.judge)),
      endedAt: new Date(),
    };
  } catch (error) {
    await session.ledger.settle(played.settlements);
    throw error;
  }
}

async function withJudgement(
  plan: Play,
  played: Played,
  rubric: JudgedDetector,
  session: PlaySession,
  judge: RunJudge,
): Promise<Played> {
  if (Date.now() >= session.deadlineMs)
    return { ...played, verdict: unassessed('timeout', 'no time was left for the judge') };
  try {
    const judgement = await judge.judge(rubric, played.transcript, plan.operation);
    return { ...played, judgement, verdict: verdictOf(plan, played, judgement, session) };
  } catch (error) {
    if (!(error instanceof BudgetExhausted)) throw error;
    return { ...played, verdict: unassessed('budget', `${error.message} for the judge`) };
  }
}

function verdictOf(
  { testCase }: Play,
  { transcript }: Played,
  judgement: Judgement,
  { engines }: PlaySession,
): RuledVerdict {
  const outcome = majority(judgement.votes);
  if (outcome === undefined) return unassessed('judge_error', undecidedBecause(judgement));
  const judged = outcome === 'failed' ? evidenceOfVotes(judgement.votes, transcript) : [];
  return judgeRun(testCase, transcript, { engines, offeredTools: testCase.tools ?? [], judged });
}

function unassessed(reason: 'judge_error' | 'budget' | 'timeout', detail: string): RuledVerdict {
  return { outcome: 'unassessed', evidence: [], reason, detail };
}
