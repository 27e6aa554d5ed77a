import type { ReportFormatName, ReportType } from '../domain/report';

/** What to report on, and how to write it down. */
interface ReportRequest {
  readonly type: ReportType;
  readonly format: ReportFormatName;
  /** Included; seven days before `until` where it is not said. */
  readonly since?: Date | undefined;
  /** Excluded; now where it is not said. */
  readonly until?: Date | undefined;
}

/** A report as it is written, piece by piece. */
interface WrittenReport {
  readonly contentType: string;
  readonly fileName: string;
  readonly body: AsyncIterable<string | Uint8Array>;
}

export interface Reports {
  /** @throws {DomainError} `invalid_period`. */
  write(request: ReportRequest): Promise<WrittenReport>;
}
