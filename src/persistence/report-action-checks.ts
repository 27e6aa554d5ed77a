import { Prisma } from './generated/client';
import type { ReportPeriod } from '../domain/report';
import type { CheckQuery } from './report-check-query';

/** Clocks of workers, database and Temporal differ by so much at most. */
const CLOCKS = Prisma.sql`interval '5 seconds'`;
/** What was refused in the period may have been done after it. */
const END_OF_TIME = new Date('9999-01-01T00:00:00Z');
const ABOUT_CLOCKS = 'Clocks may differ by five seconds.';

/** Everything risky that was done in a period, with the subject that its gate was asked about and when it began. */
const done = ({ since, until }: ReportPeriod) => Prisma.sql`
  SELECT 'experiments/' || id AS record, id::text AS subject, started_at AS at FROM experiments
    WHERE started_at >= ${since} AND started_at < ${until}
  UNION ALL SELECT 'simulations/' || subject_id, details->>'intervention_id', created_at FROM audit_logs
    WHERE event_type = 'simulation_started' AND created_at >= ${since} AND created_at < ${until}
  UNION ALL SELECT 'follow_ups/' || subject_id, details->>'failure_id', created_at FROM audit_logs
    WHERE event_type = 'follow_up_started' AND created_at >= ${since} AND created_at < ${until}
  UNION ALL SELECT 'deployments/' || id, id::text, published_at FROM deployments
    WHERE published_at >= ${since} AND published_at < ${until}
  UNION ALL SELECT 'tool_executions/' || id, id::text, started_at FROM tool_executions
    WHERE started_at >= ${since} AND started_at < ${until} AND rollback_of IS NULL
      AND status NOT IN ('requested', 'refused')
  UNION ALL SELECT 'mode_transitions/' || id, id::text, created_at FROM mode_transitions
    WHERE created_at >= ${since} AND created_at < ${until} AND from_mode IS NOT NULL AND NOT emergency
      AND (from_mode, to_mode) NOT IN (('production', 'shadow'), ('shadow', 'lab'))`;

/** When each subject was first let pass: by its tier, or by the approval that stands. */
const permits = Prisma.sql`
  SELECT l.details->'verdict'->>'subjectId' AS subject,
    min(CASE WHEN l.details->'verdict'->>'tier' = 'safe' THEN l.created_at ELSE d.decided_at END) AS at
  FROM audit_logs l
  LEFT JOIN approval_decisions d ON d.approval_id::text = l.subject_id AND d.decision = 'approved'
  WHERE l.event_type = 'action_assessed'
    AND (l.details->'verdict'->>'tier' = 'safe'
      OR (l.details->'verdict'->>'tier' = 'review' AND d.id IS NOT NULL))
  GROUP BY 1`;

/** Whether what was done had been let pass before. */
export function actionChecks(period: ReportPeriod): readonly CheckQuery[] {
  const { since, until } = period;
  return [
    {
      id: 'unpermitted_action',
      title: 'Actions that nothing permitted',
      method:
        'Each experiment, replay, follow-up, publication, tool call and change of mode that began, against the verdict ' +
        `of its gate in the audit log and, where that is review, an approval decided before. ${ABOUT_CLOCKS}`,
      rows: Prisma.sql`
        SELECT done.record, CASE WHEN permits.at IS NULL THEN 'nothing permits it'
          WHEN permits.at > done.at + ${CLOCKS} THEN 'it began before it was permitted' END AS detail
        FROM (${done(period)}) done LEFT JOIN (${permits}) permits ON permits.subject = done.subject`,
    },
    {
      id: 'refusal_disobeyed',
      title: 'Expired, rejected or withdrawn approvals that were obeyed all the same',
      method: `Each approval that ended so in the period, against what began afterwards with nothing else to permit it. ${ABOUT_CLOCKS}`,
      rows: Prisma.sql`
        SELECT 'approvals/' || a.id AS record,
          min('it is ' || d.decision || ', and ' || obeyed.record || ' began after it') AS detail
        FROM approval_decisions d JOIN approvals a ON a.id = d.approval_id
        LEFT JOIN (
          SELECT done.* FROM (${done({ since, until: END_OF_TIME })}) done
          LEFT JOIN (${permits}) permits ON permits.subject = done.subject
          WHERE permits.at IS NULL OR permits.at > done.at + ${CLOCKS}
        ) obeyed ON obeyed.subject = a.subject_id AND obeyed.at > d.decided_at + ${CLOCKS}
        WHERE d.decision <> 'approved' AND d.decided_at >= ${since} AND d.decided_at < ${until}
        GROUP BY a.id`,
    },
    {
      id: 'lab_only_elsewhere',
      title: 'Destructive tests and destructive tool calls outside lab mode',
      method: 'Each experiment and tool call that began and is destructive, against the mode it began in.',
      rows: Prisma.sql`
        SELECT 'experiments/' || id AS record,
          CASE WHEN mode IS DISTINCT FROM 'lab' THEN 'it began in ' || coalesce(mode, 'no mode') END AS detail
        FROM experiments WHERE destructive AND started_at >= ${since} AND started_at < ${until}
        UNION ALL SELECT 'tool_executions/' || id,
          CASE WHEN mode IS DISTINCT FROM 'lab' THEN 'it began in ' || coalesce(mode, 'no mode') END
        FROM tool_executions WHERE action_type = 'DESTRUCTIVE_TOOL_CALL' AND rollback_of IS NULL
          AND status NOT IN ('requested', 'refused') AND started_at >= ${since} AND started_at < ${until}`,
    },
    {
      id: 'runs_beyond_mode',
      title: 'Experiments with more runs than their mode permits',
      method: 'The recorded runs of each experiment that began, against the number that was permitted.',
      rows: Prisma.sql`
        SELECT 'experiments/' || e.id AS record,
          CASE WHEN runs.n > e.runs_permitted THEN runs.n || ' runs, ' || e.runs_permitted || ' permitted' END AS detail
        FROM experiments e
        CROSS JOIN LATERAL (SELECT count(*) AS n FROM experiment_runs r WHERE r.experiment_id = e.id) runs
        WHERE e.started_at >= ${since} AND e.started_at < ${until}`,
    },
  ];
}
