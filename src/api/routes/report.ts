import { Readable } from 'node:stream';
import { z } from 'zod';
import { roleIncludes } from '../../domain/access';
import { DomainError } from '../../domain/errors';
import { REPORT_FORMATS, REPORT_TYPES } from '../../domain/report';
import type { ApiDeps } from '../deps';
import { defineRoute, type Route } from '../route';
import { timestamp } from '../schemas';

const moment = z.iso.datetime({ offset: true }).transform((time) => new Date(time));

const Report = z
  .object({
    schema_version: z.literal(1),
    type: z.enum(REPORT_TYPES),
    title: z.string(),
    period: z.object({ since: timestamp, until: timestamp }),
    generated_at: timestamp,
    tinman_version: z.string(),
    sections: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        blocks: z.array(z.looseObject({ kind: z.enum(['text', 'figures', 'table', 'chart', 'findings']) })),
      }),
    ),
  })
  .meta({ id: 'Report', description: 'In full: docs/report.schema.json.' });

/** `GET /report`. */
export function reportRoutes({ reports }: Pick<ApiDeps, 'reports'>): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/report',
      access: 'viewer',
      tag: 'reports',
      summary: 'A report over a period; the type `compliance` needs the role operator.',
      query: z.strictObject({
        type: z.enum(REPORT_TYPES).default('executive').describe('For who leads, who builds or who audits.'),
        format: z
          .enum(REPORT_FORMATS)
          .optional()
          .describe('`json` unless `Accept` asks for `text/html`, as browsers do. `csv` is a zip of tables.'),
        since: moment.optional().describe('Included; seven days before `until` by default.'),
        until: moment.optional().describe('Excluded; now by default.'),
      }),
      headers: z.looseObject({ accept: z.string().optional() }),
      responses: {
        200: {
          description: 'The report, here as JSON; other formats have their own content types.',
          schema: Report,
          headers: { 'Content-Disposition': 'Names a file; a page is shown, all else is kept.' },
        },
      },
      problems: { 422: 'The period ends before it begins, or is longer than five years: `invalid_period`.' },
      handler: async ({ query: { type, format, since, until }, headers, principal }) => {
        if (type === 'compliance' && !roleIncludes(principal.role, 'operator')) {
          throw new DomainError('forbidden', 'a compliance report needs the role operator');
        }
        const chosen = format ?? (headers.accept?.includes('text/html') === true ? 'html' : 'json');
        const { contentType, fileName, body } = await reports.write({ type, format: chosen, since, until });
        const shown = chosen === 'html' || chosen === 'json' ? 'inline' : 'attachment';
        return {
          status: 200,
          headers: {
            'Content-Type': contentType,
            'Content-Disposition': `${shown}; filename="${fileName}"`,
            'X-Content-Type-Options': 'nosniff',
            'Cache-Control': 'no-store',
            Vary: 'Accept',
          },
          body: Readable.from(body),
        };
      },
    }),
  ];
}
