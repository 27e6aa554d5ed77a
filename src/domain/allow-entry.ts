/** A host of an allow list: a name or an address, `*.` for the names below one, a port where only that is meant. */
export const ALLOW_ENTRY = /^(?:(\*)\.)?(\[[0-9a-fA-F:.]+\]|[\w.-]+?)(?::(\d{1,5}))?$/;

/** Whether an entry of an allow list can be read. */
export function isAllowEntry(text: string): boolean {
  return ALLOW_ENTRY.test(text);
}
