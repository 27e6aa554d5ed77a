import type { ApiDeps } from '../deps';
import { openApiDocument } from '../openapi';
import type { Route } from '../route';
import { approvalRoutes } from './approvals';
import { auditRoutes } from './audit';
import { budgetRoutes } from './budget';
import { cycleEventRoutes } from './cycle-events';
import { cycleRoutes } from './cycles';
import { deploymentRoutes } from './deployments';
import { discussRoutes } from './discuss';
import { documentRoute } from './document';
import { failureRoutes } from './failures';
import { healthRoutes } from './health';
import { memoryRoutes } from './memory';
import { metricsRoutes } from './metrics';
import { modeRoutes } from './mode';
import { policyRoutes } from './policy';
import { recordRoutes } from './records';
import { reportRoutes } from './report';
import { scheduleRoutes } from './schedules';
import { stateRoutes } from './state';
import { toolRoutes } from './tools';
import { traceRoutes } from './traces';

/** All endpoints, fixed paths before those with parameters. `stopping` is aborted when the server closes. */
export function createRoutes(deps: ApiDeps, stopping: AbortSignal): readonly Route[] {
  const routes: readonly Route[] = [
    ...healthRoutes(deps, stopping),
    ...stateRoutes(deps),
    ...modeRoutes(deps),
    ...policyRoutes(deps),
    ...budgetRoutes(deps),
    ...metricsRoutes(deps),
    ...cycleRoutes(deps),
    ...cycleEventRoutes(deps),
    ...scheduleRoutes(deps),
    ...approvalRoutes(deps),
    ...deploymentRoutes(deps),
    ...failureRoutes(deps),
    ...toolRoutes(deps),
    ...traceRoutes(deps),
    ...memoryRoutes(deps),
    ...recordRoutes(deps),
    ...auditRoutes(deps),
    ...reportRoutes(deps),
    ...discussRoutes(deps),
    documentRoute(() => document),
  ];
  const document = openApiDocument(routes, deps.identity.version);
  return routes;
}
