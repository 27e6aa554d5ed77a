import { createApprovalStore } from './approval-store';
import { createCycleStore } from './cycle-store';
import { createDeploymentStore } from './deployment-store';
import { createExperimentStore } from './experiment-store';
import { createFailureStore } from './failure-store';
import { createFollowUpStore } from './follow-up-store';
import { createHypothesisStore } from './hypothesis-store';
import { createInterventionStore } from './intervention-store';
import { createJudgeCalibrationStore } from './judge-calibration-store';
import { createLlmCallStore } from './llm-call-store';
import { createMemoryStore } from './memory-store';
import { createModeStore } from './mode-store';
import { createSimulationStore } from './simulation-store';
import { createTraceStore } from './trace-store';
import { createToolExecutionStore } from './tool-execution-store';
import type { Stores } from '../ports/stores';
import type { Database } from './client';

/** Every store over one database. */
export function createStores({ prisma, pool }: Database): Stores {
  return {
    cycles: createCycleStore(prisma),
    hypotheses: createHypothesisStore(prisma),
    experiments: createExperimentStore(prisma),
    failures: createFailureStore(prisma),
    followUps: createFollowUpStore(prisma),
    interventions: createInterventionStore(prisma),
    simulations: createSimulationStore(prisma),
    deployments: createDeploymentStore(prisma),
    approvals: createApprovalStore(prisma),
    mode: createModeStore(prisma),
    memory: createMemoryStore(prisma),
    llmCalls: createLlmCallStore(prisma),
    judgeCalibrations: createJudgeCalibrationStore(prisma),
    toolExecutions: createToolExecutionStore(prisma),
    traces: createTraceStore({ prisma, pool }),
  };
}
