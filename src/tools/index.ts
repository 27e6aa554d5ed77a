import type { FindSchemaViolation } from '../domain/detection';
import type { DeploymentGateway } from '../ports/deployment-gateway';
import { createDeployTool, createRollbackTool } from './deployments';
import { createHttpGet } from './http-get';
import { ToolRegistry } from './registry';
import { createSqlQuery, sqlQueryUrl } from './sql-query';

export { ToolRegistry } from './registry';

/** What the tools of every worker need. */
export interface ToolSettings {
  readonly httpGetAllow: readonly string[];
  readonly sqlQueryUrlEnv?: string;
}

/**
 * The tools that every worker has: a new one is one file and one line here.
 * @throws {DomainError} `invalid_configuration`.
 */
export function createTools(
  settings: ToolSettings,
  env: Readonly<Record<string, string | undefined>>,
  deps: { readonly schemaViolation: FindSchemaViolation; readonly deployments: () => DeploymentGateway },
): ToolRegistry {
  const { httpGetAllow, sqlQueryUrlEnv } = settings;
  return new ToolRegistry(deps.schemaViolation, [
    createHttpGet({ allow: httpGetAllow }),
    ...(sqlQueryUrlEnv === undefined ? [] : [createSqlQuery(sqlQueryUrl(sqlQueryUrlEnv, env))]),
    createDeployTool(deps.deployments),
    createRollbackTool(deps.deployments),
  ]);
}
