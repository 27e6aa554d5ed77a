import type { Log, Notification, ReportingDescriptor, Result } from 'sarif';
import type { Severity } from '../../domain/severity';
import { classOf, TAXONOMY, type FailureType } from '../../domain/taxonomy';
import { catalogueIdsOf } from '../../domain/taxonomy-references';
import { shareOf, verdictOf, whyUnsettled } from '../regressions';
import { brokenOff, type ReportedCycle, type ReportedFailure } from './reported-cycle';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Where targets are configured; programs that show results want a file. */
const CONFIGURATION = 'tinman.yaml';
const OWASP_TOP_10 = 'https://genai.owasp.org/llm-top-10/';

const LEVELS: Readonly<Record<Severity, 'note' | 'warning' | 'error'>> = {
  S0: 'note',
  S1: 'note',
  S2: 'warning',
  S3: 'error',
  S4: 'error',
};

/**
 * What a cycle found as SARIF 2.1.0: a result for each failure, a rule for each of their types. Known failures of which
 * nobody knows whether they are still there, and a cycle that broke off, are notifications of the run.
 */
export function sarifOf(cycle: ReportedCycle, version: string): string {
  const { failures, regressions = [] } = cycle.result;
  const types = [...new Set(failures.map(({ failure_type }) => failure_type))].toSorted();
  const broken = brokenOff(cycle);
  const notifications = [
    ...(broken === undefined ? [] : [notification('error', broken)]),
    ...regressions.flatMap((one) => {
      const why = whyUnsettled(one);
      return why === undefined ? [] : [notification('warning', `${verdictOf(one)}, ${one.trigger}: ${why}`)];
    }),
  ];
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Tinman', version, rules: types.map(ruleOf) } },
        automationDetails: { id: `tinman/${cycle.target}/${cycle.id}` },
        invocations: [
          {
            executionSuccessful: broken === undefined,
            startTimeUtc: cycle.created_at,
            ...(cycle.ended_at === null ? {} : { endTimeUtc: cycle.ended_at }),
            toolExecutionNotifications: notifications,
          },
        ],
        results: failures.map((failure) => resultOf(failure, types.indexOf(failure.failure_type), cycle)),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf(type: FailureType): ReportingDescriptor {
  const { owasp, atlas } = catalogueIdsOf(type);
  const [technique] = atlas;
  const page = technique === undefined ? undefined : `https://atlas.mitre.org/techniques/${technique}`;
  const helpUri = owasp.length > 0 ? OWASP_TOP_10 : page;
  return {
    id: type,
    shortDescription: { text: `The target ${TAXONOMY[type].description}.` },
    defaultConfiguration: { level: LEVELS[TAXONOMY[type].defaultSeverity] },
    ...(helpUri === undefined ? {} : { helpUri }),
    properties: {
      tags: [classOf(type), ...owasp.map((id) => `OWASP-${id}`), ...atlas.map((id) => `ATLAS-${id}`)],
    },
  };
}

function resultOf(failure: ReportedFailure, ruleIndex: number, cycle: ReportedCycle): Result {
  const { failure_type, severity, trigger, trigger_signature, description, reproducibility } = failure;
  const verdict = cycle.result.regressions?.find(({ found_as }) => found_as === failure.id)?.verdict;
  const { count, n, low, high } = reproducibility;
  const lines = [
    `${description} (${shareOf(reproducibility)} failed)`,
    ...failure.evidence.slice(0, 1).map(({ quote }) => `Evidence: ${quote}`),
  ];
  return {
    ruleId: failure_type,
    ruleIndex,
    kind: 'fail',
    level: LEVELS[severity],
    message: { text: messageText(lines.join('\n')) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: CONFIGURATION }, region: { startLine: 1 } },
        logicalLocations: [{ name: trigger, fullyQualifiedName: trigger_signature, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'triggerSignature/v1': trigger_signature },
    properties: {
      failureId: failure.id,
      target: cycle.target,
      severity,
      novelty: failure.novelty,
      ...(verdict == null ? {} : { verdict }),
      rate: n === 0 ? null : count / n,
      count,
      n,
      interval: { low, high },
    },
  };
}

function notification(level: 'warning' | 'error', text: string): Notification {
  return { level, message: { text: messageText(text) } };
}

/**
 * Text from outside as a message. There, braces hold the place of arguments and brackets begin links (SARIF 2.1.0, 3.11.5
 * and 3.11.6).
 */
function messageText(text: string): string {
  return text
    .replaceAll('\0', '\uFFFD')
    .replaceAll(/\p{Surrogate}/gu, '\uFFFD')
    .replaceAll(/[\\[\]]/g, String.raw`\$&`)
    .replaceAll(/[{}]/g, '$&$&');
}
