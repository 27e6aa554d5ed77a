import { z } from 'zod';
import type { JsonObject } from '../../domain/chat';
import { defineRoute, type Route } from '../route';

const Document = z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }).meta({ id: 'OpenApi' });

/** `GET /openapi.json`. */
export function documentRoute(document: () => JsonObject): Route {
  return defineRoute({
    method: 'GET',
    path: '/openapi.json',
    tag: 'service',
    access: 'open',
    summary: 'This document: OpenAPI 3.1, made from the schemas that validate.',
    responses: { 200: { description: 'The document.', schema: Document } },
    handler: () => ({ status: 200, body: document() }),
  });
}
