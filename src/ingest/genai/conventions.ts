import type { Convention } from './convention';
import { datadog } from './datadog';
import { langfuse } from './langfuse';
import { openinference } from './openinference';
import { openllmetry } from './openllmetry';
import { opentelemetry } from './opentelemetry';
import { vercelAi } from './vercel-ai';

/** In order of trust, where two say something of the same field: a new convention is a file and a line here. */
export const CONVENTIONS: readonly Convention[] = [
  langfuse,
  opentelemetry,
  openinference,
  vercelAi,
  openllmetry,
  datadog,
];
