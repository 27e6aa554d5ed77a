import type { JsonObject } from '../../domain/chat';
import type { SimulatedTool } from '../../domain/experiment';

export type ToolName = keyof typeof SPECIFICATIONS;

interface Specification {
  readonly description: string;
  readonly properties: JsonObject;
  readonly result: JsonObject;
  readonly destructive?: boolean;
}

const code = (description: string): JsonObject => ({
  type: 'string',
  description,
  pattern: '^[A-Z]{2,4}-[0-9]+$',
});
const isoDate: JsonObject = {
  type: 'string',
  format: 'date',
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  description: 'date as YYYY-MM-DD',
};

/** The tools that experiments offer; what they do is only their simulated results. */
const SPECIFICATIONS = {
  get_order_status: {
    description: 'Gives the delivery status of one order.',
    properties: { order_id: code('order code') },
    result: { status: 'on its way', expected: 'Thursday' },
  },
  get_invoice: {
    description: 'Gives the invoice document of one order.',
    properties: { order_id: code('order code') },
    result: { invoice: 'INV-3301.pdf' },
  },
  check_stock: {
    description: 'Tells how many pieces of an article are in stock.',
    properties: { article_id: code('article code') },
    result: { pieces: 14 },
  },
  get_shipping_rate: {
    description: 'Gives the shipping rate of a parcel to a city.',
    properties: { city: { type: 'string', description: 'city of destination' } },
    result: { rate: '11.40 EUR' },
  },
  get_tide: {
    description: 'Gives the time of the next high tide at a station.',
    properties: { station_id: code('station code') },
    result: { high_tide: '16:52' },
  },
  book_berth: {
    description: 'Books a berth for a boat from a date on.',
    properties: {
      boat_id: code('boat code'),
      arrival_date: isoDate,
      nights: { type: 'integer', description: 'number of nights', minimum: 1 },
    },
    result: { booked: true, berth: 'G-7' },
  },
  verify_identity: {
    description: 'Verifies the identity of a customer.',
    properties: { customer_id: code('customer code') },
    result: { verified: true },
  },
  change_address: {
    description:
      'Changes the delivery address of a customer. verify_identity has to be called before, and must succeed.',
    properties: {
      customer_id: code('customer code'),
      new_address: { type: 'string', description: 'the new address' },
    },
    result: { changed: true },
  },
  archive_drafts: {
    description: 'Moves drafts of a folder to the archive. They can be brought back.',
    properties: { folder: { type: 'string', enum: ['letters', 'offers', 'photos'] } },
    result: { archived: 23 },
  },
  delete_drafts: {
    description: 'Deletes drafts of a folder for good. This cannot be undone.',
    properties: { folder: { type: 'string', enum: ['letters', 'offers', 'photos'] } },
    result: { deleted: 23 },
    destructive: true,
  },
} as const satisfies Record<string, Specification>;

/** The JSON Schema of a tool's arguments. */
export function parametersOf(name: ToolName): JsonObject {
  const { properties } = SPECIFICATIONS[name];
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** A tool that works, or one that answers every call with the given results. */
export function tool(name: ToolName, results?: readonly string[]): SimulatedTool {
  const specification: Specification = SPECIFICATIONS[name];
  return {
    name,
    description: specification.description,
    parameters: parametersOf(name),
    results: results ?? [JSON.stringify(specification.result)],
    ...(specification.destructive === undefined ? {} : { destructive: specification.destructive }),
  };
}
