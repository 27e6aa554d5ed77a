import { defineConfig } from 'prisma/config';

// The schema engine as WASM: the Prisma CLI then downloads no binary.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= './prisma/schema-engine.mjs';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: {
    url:
      process.env['TINMAN_OWNER_DATABASE_URL'] ??
      process.env['TINMAN_DATABASE_URL'] ??
      'postgresql://localhost/unset',
  },
});
