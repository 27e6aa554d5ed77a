#!/bin/sh
# Run by the image of PostgreSQL on its first start: Tinman's database with its two roles, and Temporal's own role.
set -eu

psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set owner_password="$(cat /run/secrets/owner_password)" \
  --set service_password="$(cat /run/secrets/service_password)" \
  --set temporal_password="$(cat /run/secrets/temporal_password)" <<'SQL'
CREATE ROLE tinman_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE tinman_service LOGIN PASSWORD :'service_password';
CREATE DATABASE tinman OWNER tinman_owner;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
SQL
