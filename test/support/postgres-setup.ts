import { startTestPostgres } from './postgres-server';

export = startTestPostgres;
