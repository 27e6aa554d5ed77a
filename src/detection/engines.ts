import type { DetectionEngines } from '../domain/detection';
import { createSchemaEngine } from './schema-engine';
import { findPattern } from './pattern-engine';

/** The engines for untrusted patterns (RE2: linear time) and JSON Schemas, each bounded in size and in time. */
export function createDetectionEngines(): DetectionEngines {
  return { match: findPattern, schemaViolation: createSchemaEngine() };
}
