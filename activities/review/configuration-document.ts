import { createTwoFilesPatch } from 'diff';
import { Scalar, stringify } from 'yaml';
import { applyPatch, type Patch } from '../../src/domain/intervention';
import type { TargetConfiguration } from '../../src/domain/target';

/** A diff that takes longer is not worth waiting for; the two documents are shown anyway. */
const DIFF_TIMEOUT_MS = 500;

/** What a patch makes of a configuration, as people read it: YAML, and a unified diff line by line. */
export interface ConfigurationChange {
  readonly before: string;
  readonly after: string;
  /** Empty when nothing changes; null when the two are too far apart to be compared. */
  readonly diff: string | null;
}

export function configurationChange(configuration: TargetConfiguration, patch: Patch): ConfigurationChange {
  const before = configurationDocument(configuration);
  const after = configurationDocument(applyPatch(configuration, patch));
  if (before === after) return { before, after, diff: '' };
  const diff = createTwoFilesPatch('before', 'after', before, after, undefined, undefined, {
    timeout: DIFF_TIMEOUT_MS,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
  return { before, after, diff: diff ?? null };
}

/** A configuration as YAML: texts of several lines keep them, so that a diff shows the line that changes. */
export function configurationDocument(configuration: TargetConfiguration): string {
  const { temperature, retrieval } = configuration;
  return stringify(
    {
      system_prompt: linesKept(configuration.systemPrompt),
      ...(temperature === undefined ? {} : { temperature }),
      max_output_tokens: configuration.maxOutputTokens,
      input_guardrails: configuration.inputGuardrails,
      output_guardrails: configuration.outputGuardrails,
      tool_policies: configuration.toolPolicies,
      retrieval: {
        ...(retrieval.maxDocuments === undefined ? {} : { max_documents: retrieval.maxDocuments }),
        ...(retrieval.fenced === undefined ? {} : { fenced: retrieval.fenced }),
      },
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/** Of a text of one line too: it may have two after a patch. */
function linesKept(text: string): Scalar<string> {
  const scalar = new Scalar(text);
  scalar.type = Scalar.BLOCK_LITERAL;
  return scalar;
}
