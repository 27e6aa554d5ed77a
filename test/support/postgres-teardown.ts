import { stopTestPostgres } from './postgres-server';

export = stopTestPostgres;
