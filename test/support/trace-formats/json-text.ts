/** JSON with bigints as numbers of all their digits. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? `\u0001${item}\u0001` : item,
  );
  return text.replaceAll(/"\\u0001(-?\d+)\\u0001"/g, '$1');
}

/** A document around its records, so that it is known which of them are whole when it is cut short. */
export interface Layout {
  readonly open: string;
  readonly records: readonly string[];
  readonly between: string;
  readonly close: string;
}

export function textOf({ open, records, between, close }: Layout): string {
  return open + records.join(between) + close;
}

/** How many records are whole in the first so many bytes. */
export function wholeRecords({ open, records, between }: Layout, bytes: number): number {
  let end = Buffer.byteLength(open);
  let whole = 0;
  for (const record of records) {
    end += Buffer.byteLength(record);
    if (end > bytes) return whole;
    whole++;
    end += Buffer.byteLength(between);
  }
  return whole;
}
