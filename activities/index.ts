import { admitScheduledCycle } from './admit-scheduled-cycle';
import { assessActions } from './assess-actions';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';
import { abandonDeployment, openDeployment, publishDeployment } from './deployments';
import { designExperiments } from './design-experiments';
import { designInterventions } from './design-interventions';
import { discoverFailures } from './discover-failures';
import { toFailure } from './failure';
import { followUpFailure } from './follow-up-failure';
import { generateHypotheses } from './generate-hypotheses';
import { ingestUpload } from './ingest-traces';
import { learn } from './learn';
import { openCycle } from './open-cycle';
import { planFollowUps } from './plan-follow-ups';
import { applyTransition, checkTransition, refuseTransition } from './mode-transition';
import { recordApproval } from './record-approval';
import { runExperiment } from './run-experiment';
import { simulateIntervention } from './simulate-intervention';
import { openTool, refuseTool, runTool } from './tools';
import { rememberCycles } from './support/remembered-cycles';
import { concludeWatch, replayCanaries } from './watch-deployment';

export type { ActivityDeps } from './deps';
export { createApprovalReview } from './review';
export { createDiscussions } from './support/discussion';
export { measureJudge } from './support/judge-calibration';
export type { CalibrationTerms, JudgedItem } from './support/judge-calibration';
export { researcherStamp } from './support/researcher';

/** The activities over their ports; what they throw says whether Temporal may try again. */
export function createActivities(given: ActivityDeps): Activities {
  const deps = { ...given, stores: { ...given.stores, cycles: rememberCycles(given.stores.cycles) } };
  const { approvals, cycles, experiments, followUps, simulations } = deps.stores;
  return {
    openCycle: withFailures(openCycle(deps)),
    admitScheduledCycle: withFailures(admitScheduledCycle(deps)),
    generateHypotheses: withFailures(generateHypotheses(deps)),
    designExperiments: withFailures(designExperiments(deps)),
    assessActions: withFailures(assessActions(deps)),
    recordApproval: withFailures(recordApproval(deps)),
    remindApproval: withFailures(({ approvalId, kind }) => approvals.remind(approvalId, kind)),
    runExperiment: withFailures(runExperiment(deps)),
    skipStep: withFailures(async ({ cycleId, kind, subjectId, reason, detail }) => {
      if (kind === 'experiment') return experiments.skip(subjectId, reason, detail);
      if (kind === 'follow_up') return followUps.skip(deps.recordId('follow_up', subjectId), reason, detail);
      const simulation = deps.recordId('simulation', cycleId, subjectId);
      return simulations.skip(simulation, reason, detail);
    }),
    discoverFailures: withFailures(discoverFailures(deps)),
    planFollowUps: withFailures(planFollowUps(deps)),
    followUpFailure: withFailures(followUpFailure(deps)),
    designInterventions: withFailures(designInterventions(deps)),
    simulateIntervention: withFailures(simulateIntervention(deps)),
    learn: withFailures(learn(deps)),
    closeCycle: withFailures(({ cycleId, state, phase, error }) =>
      cycles.close(cycleId, state, phase, error),
    ),
    checkTransition: withFailures(checkTransition(deps)),
    applyTransition: withFailures(applyTransition(deps)),
    refuseTransition: withFailures(refuseTransition(deps)),
    openDeployment: withFailures(openDeployment(deps)),
    publishDeployment: withFailures(publishDeployment(deps)),
    abandonDeployment: withFailures(abandonDeployment(deps)),
    replayCanaries: withFailures(replayCanaries(deps)),
    concludeWatch: withFailures(concludeWatch(deps)),
    openTool: withFailures(openTool(deps)),
    runTool: withFailures(runTool(deps)),
    refuseTool: withFailures(refuseTool(deps)),
    ingestUpload: withFailures(ingestUpload(deps)),
    failUpload: withFailures(({ uploadId, error }) => deps.traces.uploads.fail(uploadId, error)),
    recordPause: withFailures(({ cycleId, paused }) => cycles.setPaused(cycleId, paused)),
  };
}

function withFailures<I, O>(activity: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
