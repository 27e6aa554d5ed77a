import { join } from 'node:path';
import { Root, type Type } from 'protobufjs';
import { PACKAGE_ROOT } from '../../package-root';

const FOLDER = join(PACKAGE_ROOT, 'proto');

let tracesData: Type | null = null;

/** `TracesData` by the official definitions of OTLP; an `ExportTraceServiceRequest` has the same bytes. */
export function tracesDataType(): Type {
  if (tracesData === null) {
    const root = new Root();
    root.resolvePath = (_origin, target) => join(FOLDER, target);
    root.loadSync('opentelemetry/proto/trace/v1/trace.proto');
    tracesData = root.lookupType('opentelemetry.proto.trace.v1.TracesData');
  }
  return tracesData;
}
